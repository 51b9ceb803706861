# What runs, told to other sessions while it runs: trainings, retrainings and the steps of the pipeline; who sees it;
# and that nothing stays behind after an error, a cancel, a terminated session and kill -9.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SentimentTest;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('progress');
$node->init;
$node->append_conf('postgresql.conf', q{
fsync = off
shared_preload_libraries = 'sentiment'
max_worker_processes = 8
restart_after_crash = on
client_min_messages = warning
});
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION sentiment;
	CREATE ROLE team LOGIN;
	CREATE ROLE user_of_model LOGIN;
	CREATE ROLE stranger LOGIN;
	CREATE ROLE watcher LOGIN;
	GRANT pg_monitor TO watcher;
	GRANT CREATE ON SCHEMA public TO team;
	SET ROLE team;
	-- whoever reads row 500 waits for as long as somebody holds the lock (a worker would give up waiting for it)
	CREATE FUNCTION hold(i int) RETURNS bool LANGUAGE plpgsql AS $$
	BEGIN
		IF i = 500 THEN
			WHILE NOT pg_catalog.pg_try_advisory_xact_lock_shared(7) LOOP
				PERFORM pg_catalog.pg_sleep(0.02);
			END LOOP;
		END IF;
		RETURN true;
	END $$;
	CREATE TABLE reviews AS SELECT i AS id, CASE WHEN i % 2 = 0 THEN 'good ' ELSE 'bad ' END || i % 97 || ' ' || i AS text,
		CASE WHEN i % 2 = 0 THEN 'pos' ELSE 'neg' END AS label FROM generate_series(1, 1000) AS i;
	CREATE VIEW stranger_reviews AS SELECT text, label FROM reviews;
	GRANT SELECT ON stranger_reviews TO stranger;
	CREATE VIEW held_reviews AS SELECT text, label FROM reviews WHERE public.hold(id);
});

my ($session, $out, $error, $keeper, $keeper_in);

# Hold the lock, and start a statement as a role; both run until let_go.
sub start
{
	my ($sql, $role) = @_;

	($out, $error) = ('', '');
	$keeper_in = "SELECT pg_advisory_lock(7);\n";
	$keeper = IPC::Run::start([ 'psql', '-X', '-At', '-d', $node->connstr('postgres') ], '<', \$keeper_in, '>', \my $keeper_out);
	IPC::Run::pump($keeper) while length $keeper_in;
	$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 7 AND mode = 'ExclusiveLock'});
	$session = IPC::Run::start([ 'psql', '-X', '-At', '-U', $role // 'team', '-d', $node->connstr('postgres'), '-c', $sql ],
		'>', \$out, '2>', \$error);
}

# Let go of the lock, and wait for the statement's end.
sub let_go
{
	$keeper_in = "\\q\n";
	IPC::Run::finish($keeper);
	IPC::Run::finish($session);
}

# A query that is to answer something in a while.
sub comes
{
	my ($query, $expected, $what) = @_;
	ok($node->poll_query_until('postgres', $query, $expected), $what)
	  or diag($node->safe_psql('postgres', $query), "\n", $error);
}

my $all = q{SELECT count(*) FROM sentiment_list_progress()};

# ---- a first training: the model does not exist yet
start(q{SELECT version FROM sentiment_train('m', 'held_reviews', kind => 'auto')});
comes(q{SELECT role, command, model, kind IS NULL, phase, rows_read, started_at <= phase_started_at, leader_pid IS NULL, version IS NULL FROM sentiment_progress},
	"team|train|m|t|read|448|t|t|t", 'a training that reads, 64 rows at a time');
is($node->safe_psql('postgres', 'SELECT count(*) FROM sentiment_pipeline_progress'), '0', 'is no step');
foreach my $case ([ team => 1 ], [ user_of_model => 0 ], [ stranger => 0 ], [ watcher => 1 ])
{
	is($node->safe_psql('postgres', 'SELECT count(*) FROM sentiment_progress', extra_params => [ '-U', $case->[0] ]), $case->[1],
		"$case->[0] sees " . ($case->[1] ? 'it' : 'nothing'));
}
# nor who gives the name to a model of his meanwhile
$node->safe_psql('postgres', q{SELECT sentiment_train('m', 'stranger_reviews')}, extra_params => [ '-U', 'stranger' ]);
is($node->safe_psql('postgres', q{SELECT (SELECT count(*) FROM sentiment_models WHERE model = 'm'), (SELECT count(*) FROM sentiment_progress)}, extra_params => [ '-U', 'stranger' ]),
	'1|0', 'nor does who takes the name meanwhile');
$node->safe_psql('postgres', q{SELECT sentiment_drop_model('m')}, extra_params => [ '-U', 'stranger' ]);
$node->safe_psql('postgres', 'CREATE DATABASE elsewhere');
is($node->safe_psql('elsewhere', 'CREATE EXTENSION sentiment; SELECT count(*) FROM sentiment_progress'), '0', 'nor is it seen from another database');
let_go();
is($error, '', 'it ends well');
is($node->safe_psql('postgres', $all), '0', 'and is not there any more');

# ---- a retraining, with the training in it; who may use the model sees it
$node->safe_psql('postgres', q{SET ROLE team; SELECT sentiment_grant('m', 'user_of_model', 'predict'); SELECT sentiment_monitor('m', 'held_reviews', label_column => 'label', kind => 'logistic_regression')});
start(q{SELECT status FROM sentiment_retrain('m')});
comes(q{SELECT string_agg(command || ' ' || phase || ' ' || COALESCE(rows_read::text, '-'), ', ') FROM sentiment_progress}, 'retrain train -, train read 448',
	'a retraining, and the training in it');
is($node->safe_psql('postgres', 'SELECT count(*) FROM sentiment_progress', extra_params => [ '-U', $_->[0] ]), $_->[1], "$_->[0] sees $_->[1]")
  foreach ([ user_of_model => 2 ], [ stranger => 0 ]);

# ---- a cancel leaves nothing
$node->safe_psql('postgres', q{SELECT pg_cancel_backend(pid) FROM sentiment_progress WHERE command = 'train'});
comes($all, '0', 'after a cancel it is gone');
let_go();
like($error, qr/canceling statement/, 'which was one');

# ---- an error in the middle, which the retraining catches
$node->safe_psql('postgres', q{SET ROLE team; CREATE VIEW broken AS SELECT text, label FROM reviews WHERE public.hold(id) AND 1 / (id - 501) <= 1;
	SELECT sentiment_monitor('m', 'broken', label_column => 'label')});
start(q{SELECT status FROM sentiment_retrain('m'), pg_sleep(0) UNION ALL SELECT count(*)::text FROM sentiment_progress, pg_sleep(0)});
comes(q{SELECT count(*) FROM sentiment_progress}, '2', 'one that will fail');
let_go();
is($out, "failed\n0\n", 'when it has, it is gone before the transaction ends');
is($node->safe_psql('postgres', $all), '0', 'and after');

# ---- a terminated session
start(q{SELECT version FROM sentiment_train('m', 'held_reviews')});
comes(q{SELECT count(*) FROM sentiment_progress}, '1', 'one to be terminated');
$node->safe_psql('postgres', 'SELECT pg_terminate_backend(pid) FROM sentiment_progress');
comes($all, '0', 'is gone with its session');
let_go();

# ---- the pipeline: steps, while its workers train
$node->safe_psql('postgres', q{SET ROLE team; SELECT sentiment_set_contract('m', sentiment_suggest_contract('reviews', 'text', 'label'))});
start(q{SELECT status FROM sentiment_run_pipeline('m', kinds => '{logistic_regression,mlp,random_forest}', source => 'held_reviews')});
# the contract reads the rows first
comes(q{SELECT string_agg(concat_ws(' ', step_number, step, kind, status), ', ') FROM sentiment_pipeline_progress}, '1 validate running', 'the step that runs');
comes(q{SELECT concat_ws(' ', command, phase, done, total) FROM sentiment_progress}, 'pipeline validate 0 8', 'and the run');
let_go();
is($out, "kept\n", 'it ends well') or diag($error);
$node->safe_psql('postgres', q{SET ROLE team; SELECT sentiment_set_contract('m', NULL)});
start(q{SET sentiment.max_workers = 2; SELECT status FROM sentiment_run_pipeline('m', kinds => '{logistic_regression,mlp,random_forest}', source => 'held_reviews')});
comes(q{SELECT string_agg(concat_ws(' ', step_number, step, kind, status, in_worker), ', ') FROM sentiment_pipeline_progress},
	'1 validate skipped f, 2 train logistic_regression running t, 3 train mlp running t, 4 train random_forest waiting f', 'two train, one waits for a worker');
is($node->safe_psql('postgres', q{SELECT string_agg(concat_ws(' ', command, phase, rows_read, leader_pid = (SELECT pid FROM sentiment_progress WHERE command = 'pipeline')), ', ')
		FROM sentiment_progress}),
	'pipeline train, train read 448 t, train read 448 t', 'what the workers do');
is($node->safe_psql('postgres', 'SELECT count(*) FROM sentiment_pipeline_progress', extra_params => [ '-U', $_->[0] ]), $_->[1], "$_->[0] sees $_->[1] steps")
  foreach ([ team => 4 ], [ user_of_model => 4 ], [ stranger => 0 ], [ watcher => 4 ]);
let_go();
is($out, "SET\nkept\n", 'it ends well') or diag($error);
is($node->safe_psql('postgres', $all), '0', 'and nothing stays');

# ---- without workers: here, one after the other
start(q{SET sentiment.max_workers = 0; SELECT status FROM sentiment_run_pipeline('m', kinds => '{logistic_regression,mlp}', source => 'held_reviews')});
comes(q{SELECT string_agg(concat_ws(' ', step_number, step, kind, status, in_worker), ', ') FROM sentiment_pipeline_progress},
	'1 validate skipped f, 2 train logistic_regression running f, 3 train mlp waiting f', 'one trains, one waits for its turn');
is($node->safe_psql('postgres', q{SELECT string_agg(concat_ws(' ', command, phase, rows_read), ', ') FROM sentiment_progress}), 'pipeline train, train read 448',
	'the session does both');

# ---- kill -9: shared memory is made anew
ok(kill_backend($node, $node->safe_psql('postgres', q{SELECT DISTINCT pid FROM sentiment_progress})), 'the server recovers');
eval { let_go() };
is($node->safe_psql('postgres', $all), '0', 'after kill -9 nothing is left');

# ---- a library that was not preloaded has no shared memory: that is said, and trainings do not mind
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->restart;
my $stderr;
$node->psql('postgres', 'SELECT * FROM sentiment_progress', stderr => \$stderr);
like($stderr, qr/ERROR:  progress is not told.*shared_preload_libraries/s, 'without shared memory');
is($node->safe_psql('postgres', q{SELECT count(*) FROM sentiment_list_progress(missing_ok => true)}), '0', 'or no rows, if that will do');
is($node->safe_psql('postgres', q{SELECT status FROM sentiment_run_pipeline('m', kinds => '{logistic_regression}', source => 'reviews', deploy => 'never')}), 'kept',
	'the pipeline runs all the same');

# ---- errors of retrainings, kept apart from the rest of the history, are in a dump too
my $errors = q{SELECT string_agg(status || ': ' || message, ', ') FROM sentiment_retrainings WHERE status = 'failed'};
my $dump = $node->basedir . '/dump.sql';
$node->command_ok([ 'pg_dump', '-d', $node->connstr('postgres'), '-f', $dump ], 'a dump');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('restored'), '-f', $dump ], 'is restored');
is($node->safe_psql('postgres', $errors), 'failed: division by zero', 'the error');
is($node->safe_psql('restored', $errors), 'failed: division by zero', 'is in the copy');

$node->stop;
done_testing();
