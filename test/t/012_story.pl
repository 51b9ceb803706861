# The life of a model on real reviews, with pg_cron: ordinary weeks, drift, a retraining by itself, rollback; then
# what goes wrong: a crash in the middle, a restart, a failover, a dump.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SentimentTest;
use Test::More;
use Time::HiRes qw(sleep time);

my $reviews = $ENV{SENTIMENT_REVIEWS} // '';
plan skip_all => "there are no reviews (SENTIMENT_REVIEWS)" unless -r $reviews;

my $node = PostgreSQL::Test::Cluster->new('story');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', q{
fsync = off
max_wal_senders = 4
shared_preload_libraries = 'pg_cron,sentiment'
cron.database_name = 'postgres'
cron.use_background_workers = on
max_worker_processes = 16
restart_after_crash = on
autovacuum = off
client_min_messages = warning
});
$node->start;
my $standby = PostgreSQL::Test::Cluster->new('standby');

# A query that is to become true within three minutes.
sub wait_for
{
	my ($server, $query, $what) = @_;
	my $start = time;
	my $found = 0;

	until ($found || time > $start + 180)
	{
		$found = $server->safe_psql('postgres', $query) eq 't';
		sleep 0.2 unless $found;
	}
	ok($found, $what);
	note(sprintf('waited %.0f s', time - $start));
	return $found;
}

# ---- a team trains a model of its reviews, each on the day that it came in
$node->safe_psql('postgres', qq{
	CREATE EXTENSION sentiment;
	CREATE EXTENSION pg_cron;
	CREATE ROLE team LOGIN;
	GRANT CREATE ON SCHEMA public TO team;
	GRANT USAGE ON SCHEMA cron TO team;
	CREATE TABLE raw_reviews (id int, text text, label text, category text);
	COPY raw_reviews FROM '$reviews' WITH (FORMAT csv, HEADER);
	GRANT SELECT ON raw_reviews TO team;
});
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM raw_reviews'), '>=', 5000, 'real reviews');
$node->safe_psql('postgres', q{
	SET ROLE team;
	CREATE TABLE reviews (id int, text text, label text, came_in timestamptz);
	-- the last weeks' are held back: they come in later
	INSERT INTO reviews SELECT id, text, label, now() - interval '60 days' - id * interval '1 minute' FROM raw_reviews WHERE id % 5 > 0;
	SELECT sentiment_suggest_contract('reviews', 'text', 'label') IS NOT NULL;
	SELECT sentiment_train('food', 'reviews');
	SELECT sentiment_set_gate('food', '{"min_f1": 0.6}');
	SELECT sentiment_monitor('food', 'reviews', time_column => 'came_in', period => '7 days', label_column => 'label', cooldown => '30 minutes');
});
is($node->safe_psql('postgres', q{SELECT deployed_version FROM sentiment_models WHERE model = 'food'}), '1', 'a version answers');

# ---- ordinary weeks: other reviews of the same kind
my @alarms;
foreach my $week (0 .. 3)
{
	$node->safe_psql('postgres', qq{
		SET ROLE team;
		DELETE FROM reviews WHERE came_in > now() - interval '7 days';
		INSERT INTO reviews SELECT id, text, label, now() - interval '1 hour' FROM raw_reviews WHERE id % 20 = $week * 5;
	});
	push @alarms, $node->safe_psql('postgres', q{SET ROLE team; SELECT sentiment_run_task('food', 'check_and_retrain')});
}
is(join(',', @alarms), join(',', ('no drift') x 4), 'ordinary weeks: no alarm');
is($node->safe_psql('postgres', 'SELECT count(*) FROM sentiment_retrainings'), '0', 'and no retraining');

# ---- scheduled by the team
is($node->safe_psql('postgres', q{SELECT sentiment_schedule('food', '* * * * *', 'check_and_retrain')}, extra_params => [ '-U', 'team' ]),
	'sentiment: food: check_and_retrain', 'a job');
is($node->safe_psql('postgres', q{SELECT sentiment_schedule('food', '* * * * *', 'check_and_retrain')}, extra_params => [ '-U', 'team' ]),
	'sentiment: food: check_and_retrain', 'the same job again');
is($node->safe_psql('postgres', q{SELECT task, schedule, role, active FROM sentiment_jobs}), 'check_and_retrain|* * * * *|team|t', 'there is one');
my $stderr;
$node->psql('postgres', q{SELECT sentiment_schedule('food', 'every full moon', 'retrain')}, stderr => \$stderr, extra_params => [ '-U', 'team' ]);
like($stderr, qr/invalid schedule: every full moon.*HINT: .*'0 3 \* \* \*'/s, 'an invalid schedule is named, and a valid one');
$node->safe_psql('postgres', q{CREATE ROLE stranger LOGIN; SELECT sentiment_grant('food', 'stranger', 'train')});
$node->psql('postgres', q{SELECT sentiment_schedule('food', '* * * * *', 'retrain')}, stderr => \$stderr, extra_params => [ '-U', 'stranger' ]);
like($stderr, qr/permission denied for schema cron.*GRANT USAGE ON SCHEMA cron TO stranger/s, 'USAGE on schema cron is asked for');
is($node->safe_psql('postgres', q{SELECT count(*) FROM sentiment_jobs}, extra_params => [ '-U', 'stranger' ]), '1', 'the job is seen by who may use the model');
is($node->safe_psql('postgres', q{SELECT sentiment_unschedule('food')}), '1', 'the owner of all ends it');
my $long = 'm' . ('é' x 31);
$node->safe_psql('postgres', qq{SELECT sentiment_train('$long', 'reviews', params => '{"max_features": 20}')});
is($node->safe_psql('postgres', qq{SELECT octet_length(sentiment_schedule('$long', '0 3 * * *', 'prune')) < 64}), 't', 'a long name is cut');
is($node->safe_psql('postgres', q{SELECT model, task FROM sentiment_jobs}), "$long|prune", 'and found again');
is($node->safe_psql('postgres', qq{SELECT sentiment_unschedule('$long', 'retrain') + sentiment_unschedule('$long', 'prune')}), '1', 'one of its jobs is ended');
$node->safe_psql('postgres', qq{SELECT sentiment_drop_model('$long')});

# pg_cron works in one database only
$node->safe_psql('postgres', 'CREATE DATABASE elsewhere');
$node->safe_psql('elsewhere', q{CREATE EXTENSION sentiment; CREATE TABLE r AS SELECT CASE WHEN i % 2 = 0 THEN 'good ' ELSE 'bad ' END || i AS text, (i % 2)::text AS label FROM generate_series(1, 100) AS i;
	SELECT sentiment_train('there', 'r')});
$node->psql('elsewhere', q{SELECT sentiment_schedule('there', '* * * * *', 'retrain')}, stderr => \$stderr);
like($stderr, qr/pg_cron works in database "postgres", not in "elsewhere".*HINT:.*cron.database_name = 'elsewhere'/s, 'another database is told of');
is($node->safe_psql('elsewhere', 'SELECT count(*) FROM sentiment_jobs'), '0', 'and has no jobs');

# ---- jobs say what their tasks say
$node->safe_psql('postgres', q{
	SET ROLE team;
	CREATE TABLE swapped AS SELECT sentiment_inject_drift(text, 'vocabulary_swap', 1, 7) AS text, label FROM reviews;
	SELECT sentiment_train('late', 'reviews', params => '{"max_features": 100}');
	SELECT sentiment_monitor('late', 'swapped', label_column => 'label');
	RESET ROLE;
	SELECT sentiment_schedule('food', '* * * * *', 'check_drift');
	SELECT sentiment_schedule('late', '* * * * *', 'check_drift');
	SELECT sentiment_schedule('late', '* * * * *', 'prune')});
foreach my $model (qw(food late))
{
	my $answer = $node->safe_psql('postgres', qq{SELECT sentiment_run_task('$model', 'check_drift')});
	like($answer, $model eq 'late' ? qr/^drift: .*vocabulary/ : qr/^no drift$/, "what the task says of $model");
	wait_for($node, qq{SELECT last_message = '$answer' FROM sentiment_jobs WHERE model = '$model' AND task = 'check_drift'}, 'so does its job');
}
wait_for($node, q{SELECT last_status = 'succeeded' AND last_message IS NULL FROM sentiment_jobs WHERE task = 'prune'}, 'what is not known is left empty');
$node->safe_psql('postgres', q{SELECT sentiment_unschedule('food') + sentiment_unschedule('late'); SELECT sentiment_drop_model('late'); DROP TABLE swapped});

# ---- the world changes: people shout, in other words, and longer; and pg_cron finds it by itself
$node->safe_psql('postgres', q{
	SET ROLE team;
	DELETE FROM reviews WHERE came_in > now() - interval '7 days';
	INSERT INTO reviews
	SELECT 100000 + id, sentiment_inject_drift(text, 'vocabulary_swap', 1, 7), label, now() - interval '1 hour' FROM raw_reviews WHERE id % 2 = 0;
});
# beside it, a retraining that takes long enough to be caught in the middle, see below; and a standby follows
$node->safe_psql('postgres', q{
	SET ROLE team;
	SELECT sentiment_train('slow', 'reviews', params => '{"max_features": 100}');
	SELECT sentiment_set_gate('slow', '{"min_f1": 0.1}');
	SELECT sentiment_monitor('slow', 'reviews', label_column => 'label', cooldown => '0', kind => 'random_forest', params => '{"n_estimators": 1000, "max_features": 20000}');
});
$node->backup('base');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->safe_psql('postgres', q{
	SELECT sentiment_schedule('food', '* * * * *', 'check_and_retrain');
	SELECT sentiment_schedule('slow', '* * * * *', 'retrain')}, extra_params => [ '-U', 'team' ]);
wait_for($node, q{SELECT count(*) > 0 FROM sentiment_retrainings}, 'drift is found and a retraining is done, by the job');
is($node->safe_psql('postgres', q{
		SELECT r.trigger, r.status, r.done_by, r.reason LIKE 'drift: %', r.new_value > r.old_value, r.old_version, r.new_version
		FROM sentiment_retrainings AS r ORDER BY retraining_id LIMIT 1}),
	'drift|promoted|team|t|t|1|2', 'the history tells it: why, by whom, and both versions on the same rows');
is($node->safe_psql('postgres', q{SELECT deployed_version FROM sentiment_models WHERE model = 'food'}), '2', 'the new version answers');
is($node->safe_psql('postgres', q{SELECT count(*) FROM sentiment_drift_reports WHERE drifted AND model = 'food' AND checked_at < (SELECT finished_at FROM sentiment_retrainings LIMIT 1)}), '1',
	'within one scheduled run');
wait_for($node, q{SELECT last_status = 'promoted' FROM sentiment_jobs WHERE model = 'food'}, 'the job tells how its run ended');
ok($node->log_contains(qr/sentiment: retraining of model "food" \(drift\) promoted: version 2 answers/), 'so does the log');
is($node->safe_psql('postgres', q{SELECT sentiment_rollback('food', 'a look at the old one')}), '1', 'rollback in one call');
is($node->safe_psql('postgres', q{SELECT deployed_version FROM sentiment_models WHERE model = 'food'}), '1', 'the first answers again');
is($node->safe_psql('postgres', q{SELECT string_agg(action || ' ' || version, ', ' ORDER BY done_at) FROM sentiment_deployments WHERE model = 'food' AND version IS NOT NULL}),
	'deploy 1, promote 2, rollback 1', 'the history tells that too');
$node->safe_psql('postgres', q{SELECT sentiment_unschedule('food')});

# ---- kill -9 in the middle of a scheduled retraining
my $lock = q{FROM pg_locks AS l JOIN sentiment.model AS m ON l.objid = m.model_id AND l.classid = 0
	WHERE l.locktype = 'advisory' AND l.objsubid = 21330 AND m.name = 'slow'};
if (wait_for($node, "SELECT count(*) > 0 $lock", 'a scheduled retraining is under way'))
{
	is($node->safe_psql('postgres', q{SELECT sentiment_predict('a good book', 'slow') IN ('pos', 'neg')}), 't', 'predictions go on');
	is($node->safe_psql('postgres', q{SET ROLE team; SELECT status FROM sentiment_retrain('slow')}), 'skipped', 'a second one ends at once');
	$node->safe_psql('postgres', q{SELECT sentiment_deploy('slow', 1)}, timeout => 10);
	pass('a deployment does not wait for it');
	kill 'KILL', $node->safe_psql('postgres', "SELECT pid $lock");
}
# the server starts anew by itself
$node->poll_query_until('postgres', 'SELECT pg_postmaster_start_time() IS NOT NULL AND NOT EXISTS (SELECT ' . $lock . ')', 't');
is($node->safe_psql('postgres', q{SELECT deployed_version, versions FROM sentiment_models WHERE model = 'slow'}), '1|1', 'nothing is left of it, and what answered answers');
is($node->safe_psql('postgres', q{SELECT count(*) FROM sentiment_retrainings WHERE model = 'slow' AND status <> 'skipped'}), '0', 'not in the history either');
is($node->safe_psql('postgres', q{SELECT deployed_version FROM sentiment_models WHERE model = 'food'}), '1', 'what was committed before is there');
# the next run is a short one
$node->safe_psql('postgres', q{
	SET ROLE team;
	SELECT sentiment_monitor('slow', 'reviews', label_column => 'label', cooldown => '0', kind => 'logistic_regression')});

# ---- failover: the primary is gone, the standby takes over its jobs; one of them is the pipeline
$node->safe_psql('postgres', q{
	SELECT sentiment_monitor('food', 'reviews', label_column => 'label', kind => 'logistic_regression', params => '{"max_features": 300, "ngram_max": 1}');
	SELECT sentiment_schedule('food', '* * * * *', 'pipeline')}, extra_params => [ '-U', 'team' ]);
$node->wait_for_catchup($standby);
is($standby->safe_psql('postgres', q{SELECT model, task FROM sentiment_jobs}), "food|pipeline\nslow|retrain", 'the standby shows the jobs');
$standby->psql('postgres', q{SELECT sentiment_retrain('food')}, stderr => \$stderr);
like($stderr, qr/cannot execute sentiment_retrain\(\)/, 'a standby does not retrain');
$standby->psql('postgres', q{SELECT sentiment_run_pipeline('food')}, stderr => \$stderr);
like($stderr, qr/cannot execute sentiment_run_pipeline\(\)/, 'nor does it run the pipeline');
$node->stop('immediate');
my $count = q{SELECT count(*) FROM sentiment_retrainings WHERE model = 'slow' AND status <> 'skipped'};
my $retrainings = $standby->safe_psql('postgres', $count);
$standby->promote;
wait_for($standby, "SELECT ($count) > $retrainings", 'after the failover the next run goes on');
is($standby->safe_psql('postgres', q{SELECT trigger, status, old_version, done_by FROM sentiment_retrainings WHERE model = 'slow' ORDER BY retraining_id DESC LIMIT 1}),
	'schedule|promoted|1|team', 'and tells of it');
wait_for($standby, q{SELECT count(*) > 0 FROM sentiment_pipeline_runs WHERE status IN ('promoted', 'kept')}, 'so does the pipeline');
is($standby->safe_psql('postgres', q{SELECT DISTINCT status, in_worker FROM sentiment_pipeline_steps WHERE step = 'train'}), 'succeeded|t', 'which trains in background workers of a background worker');
$standby->safe_psql('postgres', q{SELECT sentiment_unschedule('slow') + sentiment_unschedule('food')});
$standby->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_locks WHERE locktype = 'advisory'});

# ---- workers: one that is terminated is its step's failure, and the others go on
{
	my $session = IPC::Run::start([ 'psql', '-X', '-At', '-d', $standby->connstr('postgres'), '-c',
			q{SELECT status FROM sentiment_run_pipeline('food', kinds => '{random_forest,logistic_regression}', params => '{"n_estimators": 1000}')} ],
		'>', \my $out, '2>', \my $error);
	wait_for($standby, q{SELECT count(pg_terminate_backend(pid)) > 0 FROM pg_stat_activity WHERE backend_type = 'sentiment training worker'
		AND state = 'active' AND backend_start < now() - interval '1 s'}, 'a worker is terminated');
	IPC::Run::finish($session);
	is($standby->safe_psql('postgres', q{SELECT kind, status, message FROM sentiment_pipeline_steps WHERE step = 'train'
			AND run_id = (SELECT max(run_id) FROM sentiment_pipeline_runs) ORDER BY kind DESC}),
		"random_forest|failed|the background worker was terminated\nlogistic_regression|succeeded|in a background worker", 'a worker that is terminated');
	# the leader is terminated: its workers end too
	$session = IPC::Run::start([ 'psql', '-X', '-At', '-d', $standby->connstr('postgres'), '-c',
			q{SET application_name = 'leader'; SELECT status FROM sentiment_run_pipeline('food', kinds => '{random_forest,mlp}', params => '{"n_estimators": 1000}')} ],
		'>', \$out, '2>', \$error);
	wait_for($standby, q{SELECT count(*) > 0 FROM pg_stat_activity WHERE backend_type = 'sentiment training worker' AND state = 'active'}, 'workers train');
	$standby->safe_psql('postgres', q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'leader' AND backend_type = 'client backend'});
	eval { IPC::Run::finish($session) };
	ok($standby->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'sentiment training worker'}),
		'workers end with their leader');
}

# ---- dump and restore keep all of it
my $sql = q{
	SELECT (SELECT count(*) FROM sentiment_monitors), (SELECT count(*) FROM sentiment_retrainings), (SELECT count(*) FROM sentiment_pipeline_runs),
		(SELECT count(*) FROM sentiment_pipeline_steps), (SELECT string_agg(status || coalesce(reason, ''), ';' ORDER BY retraining_id) FROM sentiment_retrainings)};
my $kept = $standby->safe_psql('postgres', $sql);
my $file = $standby->data_dir . '/../story.dump';
command_ok([ 'pg_dump', '-d', $standby->connstr('postgres'), '--no-owner', '--no-privileges', '--exclude-table=reviews', '--exclude-table=raw_reviews', '--format=custom', "--file=$file" ], 'dump');
my $list = $standby->data_dir . '/../story.list';
my ($entries) = run_command([ 'pg_restore', '--list', $file ]);
append_to_file($list, join("\n", grep { !/pg_cron| cron /} split(/\n/, $entries)) . "\n");
my $target = PostgreSQL::Test::Cluster->new('target');
$target->init;
$target->append_conf('postgresql.conf', "max_worker_processes = 0\nclient_min_messages = warning\n");
$target->start;
command_ok([ 'pg_restore', '--exit-on-error', '--no-owner', "--use-list=$list", '-d', $target->connstr('postgres'), $file ], 'restore');
is($target->safe_psql('postgres', $sql), $kept, 'monitors, retrainings, runs of the pipeline');
# the role and the source are not there: it is told, and new rows get new numbers
is($target->safe_psql('postgres', q{SELECT status, message FROM sentiment_retrain('food')}),
	'failed|the owner of model "food" is gone', 'the owner is gone');
$target->safe_psql('postgres', q{SELECT sentiment_set_owner('food', 'postgres')});
like($target->safe_psql('postgres', q{SELECT status, message FROM sentiment_retrain('food')}), qr/^failed\|/, 'the source is gone');
is($target->safe_psql('postgres', 'SELECT count(*) = count(DISTINCT retraining_id) AND count(*) > 2 FROM sentiment_retrainings'), 't', 'numbers go on');
# no slot for a worker: the session trains by itself
is($target->safe_psql('postgres', q{
		CREATE TABLE r AS SELECT CASE WHEN i % 2 = 0 THEN 'good ' ELSE 'bad ' END || i AS text, (i % 2)::text AS label FROM generate_series(1, 100) AS i;
		SELECT status FROM sentiment_run_pipeline('alone', kinds => '{logistic_regression,mlp}', source => 'r');
		SELECT DISTINCT status, in_worker, message FROM sentiment_pipeline_steps WHERE model = 'alone' AND step = 'train'}),
	"promoted\nsucceeded|f|without a background worker: none was free", 'without a slot for workers');

$target->stop;
$standby->stop;
done_testing();
