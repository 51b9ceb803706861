# Jobs of pg_cron, without waiting for its minutes: whose they are, what is said of those that cannot run, and what a
# job says when its task fails. Jobs that really run: test/t/012_story.pl.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SentimentTest;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('jobs');
$node->init;
$node->append_conf('postgresql.conf', q{
fsync = off
shared_preload_libraries = 'pg_cron,sentiment'
cron.database_name = 'postgres'
cron.use_background_workers = on
client_min_messages = warning
});
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION sentiment;
	CREATE EXTENSION pg_cron;
	CREATE ROLE team LOGIN;
	CREATE ROLE helper LOGIN;
	CREATE ROLE user_of_model LOGIN;
	CREATE ROLE forger LOGIN;
	CREATE ROLE outsider LOGIN;
	CREATE ROLE reader LOGIN;
	GRANT CREATE ON SCHEMA public TO team;
	GRANT USAGE ON SCHEMA cron TO team, helper, forger;
	SET ROLE team;
	CREATE TABLE reviews AS SELECT i AS id, CASE WHEN i % 2 = 0 THEN 'good ' ELSE 'bad ' END || i % 97 || ' ' || i AS text,
		CASE WHEN i % 2 = 0 THEN 'pos' ELSE 'neg' END AS label FROM generate_series(1, 400) AS i;
	SELECT sentiment_train('food', 'reviews');
	SELECT sentiment_grant('food', 'helper', 'train');
	SELECT sentiment_grant('food', 'user_of_model', 'predict');
});

# A query as a role; its answer, and its error.
my $stderr;

sub as
{
	my ($role, $query) = @_;
	my $out;
	$node->psql('postgres', $query, stdout => \$out, stderr => \$stderr, extra_params => [ '-U', $role ]);
	return $out;
}

# ---- whose job it is: not its name decides, but what it runs, where, and as whom
as(team => q{SELECT sentiment_schedule('food', '0 3 1 1 *', 'retrain')});
as(forger => q{SELECT cron.schedule('sentiment: food: prune', '0 3 1 1 *', 'SELECT 1')});
as(forger => q{SELECT cron.schedule('sentiment: food: pipeline', '0 3 1 1 *', $$SELECT public.sentiment_run_task('food', 'pipeline')$$)});
as(team => q{SELECT cron.schedule('sentiment: food: check_drift', '0 3 1 1 *', 'SELECT 2')});
$node->safe_psql('postgres', q{CREATE DATABASE elsewhere;
	SELECT cron.schedule_in_database('sentiment: food: retrain', '0 3 1 1 *', $$SELECT public.sentiment_run_task('food', 'retrain')$$, 'elsewhere')});
my $jobs = q{SELECT task, role, job_name FROM sentiment_jobs WHERE model = 'food' ORDER BY role, task};
is(as($_ => $jobs), 'retrain|team|sentiment: food: retrain', "$_ sees the job that is one, and no forged one") foreach qw(team helper user_of_model postgres);
is(as(outsider => $jobs), '', 'who may not use the model sees none');
# a job of a role that may not train fails each time: that is for the role itself to see
$node->safe_psql('postgres', q{SELECT sentiment_grant('food', 'forger', 'predict')});
is(as(forger => $jobs), "pipeline|forger|sentiment: food: pipeline\nretrain|team|sentiment: food: retrain", 'whose own job cannot work sees it');
# what is told of its runs cannot be forged either
$node->safe_psql('postgres', q{INSERT INTO cron.job_run_details (jobid, runid, database, username, command, status, return_message, start_time, end_time)
	SELECT jobid, 900 + jobid, database, username, command, 'failed', 'forged', now(), now() FROM cron.job WHERE username = 'forger'});
is(as(team => q{SELECT count(*) FROM sentiment_jobs WHERE last_message = 'forged'}), '0', 'nor is what it says');
# a name that is taken by something else is left to that
is(as(team => q{SELECT sentiment_schedule('food', '0 4 1 1 *', 'check_drift')}), '', 'check_drift needs a monitor');
$node->safe_psql('postgres', q{SET ROLE team; SELECT sentiment_monitor('food', 'reviews', label_column => 'label', cooldown => '0')});
like(as(team => q{SELECT sentiment_schedule('food', '0 4 1 1 *', 'check_drift')}), qr/^sentiment: food~[0-9a-f]{8}: check_drift$/, 'a job whose name is taken gets another');
like(as(team => q{SELECT sentiment_schedule('food', '0 5 1 1 *', 'check_drift')}), qr/^sentiment: food~[0-9a-f]{8}: check_drift$/, 'and is found again');
is($node->safe_psql('postgres', q{SELECT command, schedule FROM cron.job WHERE username = 'team' AND jobname LIKE '%check_drift' ORDER BY 1}),
	"SELECT 2|0 3 1 1 *\nSELECT public.sentiment_run_task('food'::pg_catalog.text, 'check_drift'::pg_catalog.text)|0 5 1 1 *", 'the other one is as it was');
# long names that differ at their ends only
my ($first, $second) = map { ('m' x 62) . $_ } qw(a b);
$node->safe_psql('postgres', qq{SET ROLE team; SELECT sentiment_train('$_', 'reviews', params => '{"max_features": 20}')}) foreach ($first, $second);
as(team => qq{SELECT sentiment_schedule('$_', '0 3 1 1 *', 'prune')}) foreach ($first, $second);
is(as(team => q{SELECT model FROM sentiment_jobs WHERE task = 'prune' ORDER BY model}), "$first\n$second", 'long names are told apart');
is(as(team => qq{SELECT sentiment_unschedule('$first')}), '1', 'one is ended');
is(as(team => q{SELECT model FROM sentiment_jobs WHERE task = 'prune'}), $second, 'the other is not');
# only real jobs are ended, by who has the right
is(as(helper => q{SELECT sentiment_unschedule('food')}), '0', 'others\' jobs are not ended by a trainer');
is(as(team => q{SELECT sentiment_unschedule('food')}), '3', 'the owner ends all that run a task of the model');
is($node->safe_psql('postgres', q{SELECT count(*) FROM cron.job WHERE command IN ('SELECT 1', 'SELECT 2') OR database = 'elsewhere'}), '3', 'and nothing else');

# ---- a role that is renamed, dropped, or has no right any more
as(helper => q{SELECT sentiment_schedule('food', '0 3 1 1 *', 'retrain')});
is(as(team => $jobs), 'retrain|helper|sentiment: food: retrain', 'a job of a helper');
$node->safe_psql('postgres', 'ALTER ROLE helper RENAME TO assistant');
is(as(team => q{SELECT role, last_status, last_message FROM sentiment_jobs WHERE model = 'food'}), 'helper|failed|the job does not run: role "helper" does not exist',
	'its role is renamed, which pg_cron does not follow');
is(as(user_of_model => $jobs), '', 'that is for who may train');
$node->safe_psql('postgres', 'ALTER ROLE assistant RENAME TO helper');
$node->safe_psql('postgres', q{SELECT sentiment_revoke('food', 'helper', 'train')});
is(as(team => $jobs), '', 'its role may not train any more');
is(as(helper => q{SELECT sentiment_run_task('food', 'retrain')}), '', 'the task fails');
like($stderr, qr/ERROR:  permission denied for model "food"/, 'and says so');
$node->safe_psql('postgres', 'REVOKE USAGE ON SCHEMA cron FROM helper; DROP ROLE helper');
is(as(team => q{SELECT role, last_message FROM sentiment_jobs WHERE model = 'food'}), 'helper|the job does not run: role "helper" does not exist', 'its role is dropped');
is(as(team => q{SELECT sentiment_unschedule('food')}), '1', 'the owner ends it');

# ---- a job whose runs the cooldown skips, each minute: that is what is told of each, though pg_cron's call succeeds
as(team => q{SELECT sentiment_monitor('food', 'reviews', label_column => 'label', cooldown => '1 day')});
as(team => q{SELECT sentiment_schedule('food', '0 3 1 1 *', 'retrain')});
as(team => q{SELECT status FROM sentiment_retrain('food')});
foreach my $run (5001, 5002)
{
	$node->safe_psql('postgres', qq{
		INSERT INTO cron.job_run_details (jobid, runid, database, username, command, status, start_time)
		SELECT jobid, $run, database, username, command, 'running', clock_timestamp() FROM cron.job WHERE username = 'team' AND command LIKE '%''food''%''retrain''%';
		SET ROLE team;
		SET application_name = 'pg_cron';
		SELECT sentiment_run_task('food', 'retrain');
		RESET ROLE;
		UPDATE cron.job_run_details SET status = 'succeeded', return_message = 'SELECT 1', end_time = clock_timestamp() WHERE runid = $run});
	is(as(team => q{SELECT last_status, last_message FROM sentiment_jobs WHERE model = 'food' AND task = 'retrain'}),
		'skipped|the cooldown after the last retraining is not over', "a run that was skipped is not told as succeeded, run $run");
	sleep 2; # the runs are told apart by their times, to a second
}
as(team => q{SELECT sentiment_run_task('food', 'retrain')});
is(as(team => q{SELECT trigger, status FROM sentiment_retrainings WHERE model = 'food' ORDER BY retraining_id DESC LIMIT 3}),
	"manual|skipped\nschedule|skipped\nmanual|" . as(team => q{SELECT status FROM sentiment_retrainings WHERE model = 'food' AND trigger = 'manual' ORDER BY retraining_id LIMIT 1 OFFSET 0}),
	'a task that is called by hand is told as such');
is(as(team => q{SELECT sentiment_unschedule('food')}), '1', 'it is ended');

# ---- calls that cannot work
as(team => qq{SELECT sentiment_schedule('food', '$_', 'retrain')}), like($stderr, qr/invalid schedule: .*HINT:  Give minute, hour/s, "cron text '$_'")
  foreach ('', '61 * * * *', 'every full moon');
$node->safe_psql('postgres', q{SELECT sentiment_grant('food', 'outsider', 'train'), sentiment_grant('food', 'reader', 'train')});
as(outsider => q{SELECT sentiment_schedule('food', '0 3 * * *', 'retrain')});
like($stderr, qr/permission denied for schema cron.*GRANT USAGE ON SCHEMA cron TO outsider/s, 'without USAGE on cron');
as(outsider => q{SELECT sentiment_unschedule('food')});
like($stderr, qr/permission denied for schema cron/, 'nothing is ended either');
$node->safe_psql('elsewhere', 'CREATE EXTENSION sentiment; CREATE TABLE r AS SELECT i::text AS text, (i % 2)::text AS label FROM generate_series(1, 50) AS i');
$node->psql('elsewhere', q{SELECT sentiment_train('there', 'r', params => '{"min_df": 1}'); SELECT sentiment_schedule('there', '0 3 * * *', 'retrain')}, stderr => \$stderr);
like($stderr, qr/pg_cron works in database "postgres", not in "elsewhere".*HINT:.*schedule_in_database/s, 'in a database that pg_cron does not work in');

# ---- a task whose source is gone between two runs: the error is for who may train, not for who may ask
$node->safe_psql('postgres', q{
	SET ROLE team;
	CREATE TABLE secret AS SELECT text, label, 'secret ' || id AS private FROM reviews;
	CREATE VIEW quoting AS SELECT text, label FROM secret WHERE private::int > 0;
	GRANT SELECT ON quoting TO reader;
	SELECT sentiment_monitor('food', 'quoting', label_column => 'label', cooldown => '0')});
is(as(team => q{SELECT sentiment_run_task('food', 'retrain')}), 'failed: invalid input syntax for type integer: "secret 1"', 'an error that quotes a row');
is(as(team => q{SELECT status FROM sentiment_run_pipeline('food', kinds => '{logistic_regression}')}), 'failed', 'of the pipeline too');
my %views = (
	sentiment_retrainings => q{SELECT status, sqlstate, message, detail FROM sentiment_retrainings WHERE model = 'food' ORDER BY retraining_id DESC LIMIT 1},
	'sentiment.retraining' => q{SELECT status, sqlstate, message, NULL FROM sentiment.retraining WHERE model = 'food' ORDER BY retraining_id DESC LIMIT 1},
	sentiment_pipeline_runs => q{SELECT status, message FROM sentiment_pipeline_runs WHERE model = 'food' ORDER BY run_id DESC LIMIT 1},
	sentiment_pipeline_steps => q{SELECT string_agg(step || ' ' || status || ': ' || message, ', ' ORDER BY step_number) FROM sentiment_pipeline_steps WHERE model = 'food'},
);
foreach my $view (sort keys %views)
{
	my $is_table = $view =~ /\./;
	foreach my $role (qw(team postgres reader)) # reader may train, and read the source
	{
		like(as($role => $views{$view}), $is_table ? qr/failed with SQLSTATE 22P02/ : qr/"secret 1"/, "$role, who may read the source, is told in $view");
	}
	foreach my $role (qw(user_of_model outsider)) # outsider may train, and not read the source
	{
		my $told = as($role => $views{$view});
		like($told, qr/failed.*22P02/, "$role is told that it failed in $view");
		unlike($told, qr/secret/, 'and not what the row says');
	}
}
is(as(user_of_model => "SELECT count(*) FROM sentiment.$_"), '0', "nor in the table $_") foreach qw(retraining_error pipeline_error);
$node->safe_psql('postgres', q{SET ROLE team; DROP VIEW quoting; DROP TABLE secret});
like(as(team => q{SELECT sentiment_run_task('food', 'retrain')}), qr/^failed: the source "public.quoting" of model "food" is gone/, 'the source is gone');
as(team => q{SELECT sentiment_run_task('food', 'pipeline')});
like($stderr, qr/the source "public.quoting" of model "food" is gone.*HINT:  Name another with sentiment_monitor/s, 'for the pipeline too');
is(as(user_of_model => q{SELECT deployed_version FROM sentiment_models WHERE model = 'food'}), '1', 'what answered goes on');
# so is the model
as(team => q{SELECT sentiment_schedule('food', '0 3 1 1 *', 'retrain'); SELECT sentiment_drop_model('food')});
as(team => q{SELECT sentiment_run_task('food', 'retrain')});
like($stderr, qr/model "food" does not exist/, 'the model is gone');
is(as(team => q{SELECT sentiment_unschedule('food')}), '1', 'its job can still be ended, by whose it is');

$node->stop;
done_testing();
