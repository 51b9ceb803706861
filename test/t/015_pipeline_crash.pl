# kill -9 in the middle of the pipeline: of a worker, of the postmaster, and a standby that is promoted meanwhile.
# Whatever happens, what answered goes on, and nothing answers that nobody has decided.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SentimentTest;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('crash');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', q{
fsync = off
max_wal_senders = 4
shared_preload_libraries = 'sentiment'
max_worker_processes = 16
restart_after_crash = on
client_min_messages = warning
});
$node->start;
# half of the rows are read at once; of the rest each takes its time
$node->safe_psql('postgres', q{
	CREATE EXTENSION sentiment;
	CREATE TABLE reviews AS SELECT i AS id, CASE WHEN i % 2 = 0 THEN 'good ' ELSE 'bad ' END || i % 97 || ' ' || i AS text,
		CASE WHEN i % 2 = 0 THEN 'pos' ELSE 'neg' END AS label FROM generate_series(1, 400) AS i;
	CREATE VIEW slow_reviews AS SELECT text, label FROM reviews WHERE id < 200 OR pg_sleep(0.2) IS NOT NULL;
	-- whoever reads it for the second time waits
	CREATE SEQUENCE scans;
	CREATE FUNCTION wait_in_second_scan() RETURNS bool LANGUAGE plpgsql AS $$
	BEGIN
		IF nextval('scans') > 1 THEN
			PERFORM pg_sleep(100);
		END IF;
		RETURN true;
	END $$;
	CREATE VIEW second_is_slow AS SELECT text, label FROM reviews WHERE id <> 1 OR wait_in_second_scan();
	SELECT sentiment_train('m', 'reviews', params => '{"max_features": 1}');
});
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('promoted');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;

# What answers, the versions, runs in the history, locks that are held, events of deployments.
my $state = q{SELECT deployed_version, (SELECT string_agg(v.version || ' ' || v.stage, ', ' ORDER BY v.version) FROM sentiment_model_versions AS v WHERE v.model = 'm'),
	(SELECT count(*) FROM sentiment_pipeline_runs), (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'),
	(SELECT count(*) FROM sentiment_deployments WHERE model = 'm') FROM sentiment_models WHERE model = 'm'};
my $before = $node->safe_psql('postgres', $state);
my ($session, $out, $error);

# Run the pipeline until its workers are in the middle of reading.
sub start_pipeline
{
	($out, $error) = ('', '');
	$session = IPC::Run::start([ 'psql', '-X', '-At', '-d', $node->connstr('postgres'), '-c',
			q{SELECT status FROM sentiment_run_pipeline('m', kinds => '{logistic_regression,mlp}', source => 'slow_reviews')} ],
		'>', \$out, '2>', \$error);
	ok($node->poll_query_until('postgres', q{SELECT count(*) = 2 FROM sentiment_progress WHERE command = 'train' AND phase = 'read' AND rows_read >= 192}),
		'the workers are in the middle');
}

# ---- a worker
start_pipeline();
ok(kill_backend($node, $node->safe_psql('postgres', q{SELECT pid FROM sentiment_progress WHERE leader_pid IS NOT NULL LIMIT 1})), 'the server starts anew');
IPC::Run::finish($session);
like($error, qr/terminating connection|server closed the connection/, 'kill -9 of a worker ends all sessions');
is($node->safe_psql('postgres', $state), $before, 'nothing is left of the run');
is($node->safe_psql('postgres', 'SELECT count(*) FROM sentiment_list_progress()'), '0', 'nothing is said to run');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'sentiment training worker'}), '0', 'no worker is left');

# ---- one worker has committed its version when the session of the run is killed: a candidate that stays
my $candidates = q{SELECT count(*) FROM sentiment_model_versions WHERE model = 'm' AND version > 1};
$session = IPC::Run::start([ 'psql', '-X', '-At', '-d', $node->connstr('postgres'), '-c',
		q{SET sentiment.max_workers = 1; SELECT status FROM sentiment_run_pipeline('m', kinds => '{logistic_regression,random_forest}', source => 'second_is_slow')} ], '>', \$out, '2>', \$error);
ok($node->poll_query_until('postgres', "SELECT ($candidates) = 1 AND EXISTS (SELECT FROM sentiment_pipeline_progress WHERE kind = 'random_forest' AND status = 'running')"),
	'a worker has committed its version, another one trains');
is($node->safe_psql('postgres', q{SELECT status, version FROM sentiment_pipeline_progress WHERE kind = 'logistic_regression'}), 'succeeded|2', 'which is seen');
ok(kill_backend($node, $node->safe_psql('postgres', q{SELECT pid FROM sentiment_progress WHERE command = 'pipeline'})), 'kill -9 of the session');
IPC::Run::finish($session);
is($node->safe_psql('postgres', $state), '1|1 production, 2 candidate|0|0|1', 'the version is a candidate, and what answered answers');

# ---- the postmaster, while a standby follows, which is promoted
start_pipeline();
$node->wait_for_catchup($standby);
my $postmaster = (split /\n/, slurp_file($node->data_dir . '/postmaster.pid'))[0];
kill 'KILL', $postmaster;
IPC::Run::finish($session);
$standby->promote;
is($standby->safe_psql('postgres', $state), '1|1 production, 2 candidate|0|0|1', 'the promoted standby goes on with what answered, and has nothing of the run');
is($standby->safe_psql('postgres', q{SELECT count(*) FROM sentiment_list_progress()}), '0', 'nor says that it runs');
is($standby->safe_psql('postgres', q{SELECT sentiment_predict('good 3', 'm') IN ('pos', 'neg')}), 't', 'it answers');
is($standby->safe_psql('postgres', q{SELECT status FROM sentiment_run_pipeline('m', kinds => '{logistic_regression,mlp}', source => 'reviews', deploy => 'always')}), 'promoted',
	'the next run there ends well');
$standby->stop;
# its workers notice that the postmaster is gone, and end: the server cannot start before that
$node->{_pid} = undef;
my $tries = 0;
until ($node->start(fail_ok => 1))
{
	last if $tries++ > 20;
	select(undef, undef, undef, 0.5);
}
is($node->safe_psql('postgres', $state), '1|1 production, 2 candidate|0|0|1', 'so does the old primary, started anew');
is($node->safe_psql('postgres', q{SELECT status FROM sentiment_run_pipeline('m', kinds => '{logistic_regression,mlp}', source => 'reviews', deploy => 'always')}), 'promoted', 'and can run it');
is(problems($node), '', 'all rows fit together');
$node->stop;
done_testing();
