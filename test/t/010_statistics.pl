# Statistics in shared memory: exact sums from many sessions and parallel workers, restarts, crashes, damaged files,
# a standby, two databases, a full table, reset, shadow versions and their errors.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SentimentTest;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', q{
	fsync = off
	max_wal_senders = 4
	shared_preload_libraries = 'sentiment'
	sentiment.max_tracked_versions = 6
});
$node->start;

my $total = q{SELECT coalesce(sum(predictions), 0) FROM sentiment_stat_predictions WHERE model = 'm'};

# Predictions of a model that are counted, on a node and in a database.
sub total
{
	my ($on, $database) = @_;
	return ($on // $node)->safe_psql($database // 'postgres', $total);
}

$node->safe_psql('postgres', 'CREATE EXTENSION sentiment');
$node->safe_psql('postgres', reviews_sql('reviews', 3000, 5));
$node->safe_psql('postgres', q{
	SELECT sentiment_train('m', 'reviews');
	SELECT sentiment_train('m', 'reviews', params => '{"C": 0.1}', deploy => 'never')});
is(total(), 0, 'nothing is predicted yet');
is($node->safe_psql('postgres', 'SELECT version, trainings, rows_trained > 2000 FROM sentiment_stat_training ORDER BY version'),
	"1|1|t\n2|1|t", 'trainings are counted');

# every function by name counts, each prediction once; NULL and by value do not
$node->safe_psql('postgres', q{
	SELECT sentiment_predict('a good book', 'm'), sentiment_score('a good book', 'm'), sentiment_classify('a good book', 'm');
	SELECT count(*) FROM sentiment_probabilities('a good book', 'm');
	SELECT count(*) FROM sentiment_predict_batch('{a good book,awful,NULL}', 'm');
	SELECT sentiment_predict(NULL, 'm');
	SELECT sentiment_predict(sentiment_get_model('m'), 'a good book');
	SELECT count(*) FROM sentiment_explain('a good book', 'm')});
is(total(), 6, 'predictions are counted');
is($node->safe_psql('postgres', 'SELECT label, predictions FROM sentiment_stat_predictions WHERE version = 1 ORDER BY label'),
	"neg|1\npos|5", 'by label');
is($node->safe_psql('postgres', q{
	SELECT predictions, mean_us BETWEEN 0.1 AND 1e6, p50_us <= p95_us AND p95_us <= p99_us FROM sentiment_stat_latency WHERE version = 1}),
	'6|t|t', 'with their time');
is($node->safe_psql('postgres', q{
	SELECT (SELECT sum(predictions) FROM sentiment_stat_latency_buckets WHERE version = 1), (SELECT max(cumulative) FROM sentiment_stat_latency_buckets WHERE version = 1),
		(SELECT sum(predictions) FROM sentiment_stat_confidence WHERE version = 1 AND upper > 0.5)}),
	'6|6|6', 'histograms hold all of them');
# a session sees its own at once, a long statement's come before it ends
is($node->safe_psql('postgres', qq{BEGIN; SELECT count(sentiment_predict(text, 'm')) FROM reviews; $total; ROLLBACK}),
	"3000\n3006", 'in the same transaction, which is rolled back');
is(total(), 3006, 'what a transaction that was rolled back has predicted counts');

# parallel workers count
my $plan = $node->safe_psql('postgres', q{
	SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
	EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) SELECT count(sentiment_predict(text, 'm')) FROM reviews});
like($plan, qr/Workers Launched: [1-9]/, 'with parallel workers');
is(total(), 6006, 'parallel workers count');

# a version by its number counts as itself, and nothing is scored in its shadow
my $by_version = q{SELECT string_agg(version || ':' || predictions, ' ' ORDER BY version) FROM sentiment_stat_latency WHERE model = 'm'};
is($node->safe_psql('postgres', qq{
	SET client_min_messages = warning; SELECT sentiment_set_shadow('m', 2, 1) IS NULL;
	SELECT count(sentiment_predict(text, 'm', version => 2)), count(sentiment_predict(text, 'm', version => 1)) FROM reviews WHERE id <= 100;
	SELECT count(*) FROM sentiment_predict_batch('{a,b}', 'm', version => 2);
	SELECT version FROM sentiment_classify_batch('{a,b,c}', 'm', version => 2);
	$by_version;
	SELECT count(*) FROM sentiment_stat_shadow WHERE compared + failed > 0;
	SELECT sentiment_set_shadow('m', 2, 0) IS NULL}), "f\n100|100\n2\n2\n1:6106 2:105\n0\nf", 'versions by their numbers are counted');
is(total(), 6211, 'in the sum of all');

# errors by class
$node->psql('postgres', q{SELECT sentiment_predict('a', 'm', '{"x": 1}')});
$node->psql('postgres', q{SELECT sentiment_predict('a', 'm', version => 9)});
$node->psql('postgres', q{DO $$ BEGIN PERFORM sentiment_predict('a', 'm', '[]'); EXCEPTION WHEN OTHERS THEN NULL; END $$});
is($node->safe_psql('postgres', 'SELECT model, version, sqlstate_class, errors FROM sentiment_stat_errors'), 'm|1|22|2', 'errors are counted');
is(total(), 6211, 'and are no predictions');

# many sessions at once: exact
my $script = $node->basedir . '/predict.sql';
append_to_file($script, qq{\\set id random(1, 3000)\nSELECT sentiment_predict(text, 'm', unit => id::text) FROM reviews WHERE id = :id;\n});
$node->safe_psql('postgres', q{
	CREATE INDEX ON reviews (id); SELECT sentiment_stat_reset(); SELECT sentiment_set_traffic('m', '{"1": 0.5, "2": 0.5}')});
is(total(), 0, 'reset');
$node->command_ok([ 'pgbench', '-n', '-c', '8', '-j', '2', '-t', '500', '-M', 'prepared', '-f', $script, 'postgres' ], 'pgbench');
is(total(), 4000, 'eight sessions: every prediction is counted');
is($node->safe_psql('postgres', q{SELECT count(*), bool_and(predictions > 1500), sum(predictions) FROM sentiment_stat_latency}),
	'2|t|4000', 'of both versions');
# resets beside them: nothing is lost but what they zero, no error
my $resets = $node->basedir . '/reset.sql';
append_to_file($resets, "SELECT sentiment_stat_reset('m');\n");
$node->command_ok([ 'pgbench', '-n', '-c', '8', '-j', '2', '-t', '500', '-f', "$script\@9", '-f', "$resets\@1", 'postgres' ], 'pgbench with resets');
cmp_ok(total(), '<', 4000, 'resets have zeroed');
is($node->safe_psql('postgres', 'SELECT untracked_predictions FROM sentiment_stat_table()'), 0, 'and nothing was lost');

# off
$node->safe_psql('postgres', qq{SELECT sentiment_stat_reset(); SET sentiment.track_predictions = off; SELECT count(sentiment_predict(text, 'm')) FROM reviews});
is(total(), 0, 'switched off');

# rights
$node->safe_psql('postgres', q{CREATE ROLE reader; CREATE ROLE stranger; SELECT sentiment_grant('m', 'reader', 'predict')});
$node->safe_psql('postgres', q{SELECT sentiment_predict('a good book', 'm')});
is($node->safe_psql('postgres', "SET ROLE reader; $total"), 1, 'who may ask sees the counts');
is($node->safe_psql('postgres', "SET ROLE stranger; $total; SELECT count(*) FROM sentiment_stat_versions()"), "0\n0", 'others do not');
my ($status, $out, $err) = $node->psql('postgres', q{SET ROLE reader; SELECT sentiment_stat_reset('m')});
like($err, qr/permission denied for model "m"/, 'nor may they reset');

# restart: kept; and the file is gone while the server runs
$node->safe_psql('postgres', q{SELECT count(sentiment_predict(text, 'm')) FROM reviews});
is(total(), 3001, 'before the restart');
my $file = $node->data_dir . '/pg_stat/sentiment.stat';
my $all = q{SELECT * FROM sentiment_stat_versions() ORDER BY version};
my $before = $node->safe_psql('postgres', $all);
$node->stop;
ok(-s $file, 'a shutdown leaves a file');
$node->start;
ok(!-e $file, 'which is removed when it is read');
is($node->safe_psql('postgres', $all), $before, 'a restart keeps every number');

# crash: dropped without harm
$node->safe_psql('postgres', q{SELECT sentiment_predict('a good book', 'm')});
$node->stop('immediate');
$node->start;
is(total(), 3002, 'an immediate shutdown keeps them');
# its processes notice that it is gone, but their shared memory is in use until then
my @processes = split /\n/, $node->safe_psql('postgres', 'SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()');
$node->kill9;
my $waits = 0;
select(undef, undef, undef, 0.1) while (grep { kill 0, $_ } @processes) && ++$waits < 600;
$node->start;
is(total(), 0, 'a crash begins at zero');
$node->safe_psql('postgres', q{SELECT count(sentiment_predict(text, 'm')) FROM reviews});
is(total(), 3000, 'and counting goes on');
# a backend that is killed
$node->append_conf('postgresql.conf', 'restart_after_crash = on');
$node->reload;
my $pid_query = 'SELECT pg_backend_pid()';
my ($stdin, $stdout, $stderr) = ('', '', '');
my $session = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-f', '-' ],
	'<', \$stdin, '>', \$stdout, '2>', \$stderr, IPC::Run::timeout(60));
$stdin .= "SELECT 'pid ' || pg_backend_pid();\nSELECT count(sentiment_predict(text, 'm')) FROM reviews;\n";
pump $session until $stdout =~ /pid (\d+)\n3000/;
ok(kill_backend($node, $1), 'the server recovers');
finish $session;
is(total(), 0, 'so does a backend that is killed');

# damaged files
foreach my $damage ('cut', 'flip', 'empty', 'text', 'huge', 'older')
{
	$node->safe_psql('postgres', q{SELECT count(sentiment_predict(text, 'm')) FROM reviews});
	$node->stop;
	my $bytes = slurp_file($file);
	$bytes = $damage eq 'cut' ? substr($bytes, 0, -8) : $damage eq 'empty' ? '' : $damage eq 'text' ? "hello\n" : $bytes;
	substr($bytes, length($bytes) / 2, 1) ^= "\x01" if $damage eq 'flip';
	substr($bytes, 16, 8) = "\xff" x 8 if $damage eq 'huge';
	substr($bytes, 8, 4) = pack('V', 2) if $damage eq 'older';
	unlink $file;
	append_to_file($file, $bytes);
	my $log = -s $node->logfile;
	$node->start;
	is(total(), 0, "$damage: a damaged file is ignored");
	like(slurp_file($node->logfile, $log), qr/ignoring file "pg_stat\/sentiment.stat"/, "$damage: and the log tells of it");
}

# two databases, with models of the same number
$node->safe_psql('postgres', 'CREATE DATABASE other');
$node->safe_psql('other', 'CREATE EXTENSION sentiment');
$node->safe_psql('other', reviews_sql('reviews', 600, 5));
$node->safe_psql('other', q{SELECT sentiment_train('m', 'reviews'); SELECT count(sentiment_predict(text, 'm')) FROM reviews});
$node->safe_psql('postgres', q{SELECT sentiment_predict('a good book', 'm')});
is(total(undef, 'other'), 600, 'the other database has its own');
is(total(), 1, 'and this one too');
is($node->safe_psql('other', q{SELECT sentiment_stat_reset(); SELECT sum(predictions) FROM sentiment_stat_latency}), "\n0", 'a reset is for one database');
is(total(), 1, 'and leaves the other alone');
# the extension made anew: the same numbers, other models
$node->safe_psql('other', q{SELECT count(sentiment_predict(text, 'm')) FROM reviews; SET client_min_messages = warning; DROP EXTENSION sentiment CASCADE; CREATE EXTENSION sentiment;
	SELECT sentiment_train('m', 'reviews', params => '{"C": 3}')});
is(total(undef, 'other'), 0, 'models of a new extension begin at zero');

# a full table: 6 versions. This database has 2, the other one that is gone and one that answers.
$node->safe_psql('postgres', q{SELECT sentiment_train('n', 'reviews'); SELECT sentiment_train('k', 'reviews')});
$node->safe_psql('postgres', q{SELECT count(sentiment_predict(text, 'm', unit => id::text)) FROM reviews});
is($node->safe_psql('postgres', 'SELECT max_tracked_versions, tracked_versions, evicted_versions FROM sentiment_stat_table()'), '6|6|0', 'full');
# what is dropped makes room
$node->safe_psql('postgres', q{DROP DATABASE other});
$node->safe_psql('postgres', q{SELECT sentiment_train('l', 'reviews'); SELECT count(sentiment_predict(text, 'l')) FROM reviews});
is($node->safe_psql('postgres', q{SELECT tracked_versions, evicted_versions, untracked_predictions FROM sentiment_stat_table()}), '6|1|0', 'versions of a dropped database make room');
$node->safe_psql('postgres', q{SELECT sentiment_drop_model('k'); SELECT sentiment_train('j', 'reviews'); SELECT sentiment_train('i', 'reviews')});
is($node->safe_psql('postgres', q{SELECT tracked_versions, evicted_versions, untracked_predictions FROM sentiment_stat_table()}), '6|3|0', 'so do dropped models');
# all of them answer: a further one is not tracked, and that is counted
$node->safe_psql('postgres', q{SELECT sentiment_train('h', 'reviews'); SELECT count(sentiment_predict(text, 'h')) FROM reviews});
is($node->safe_psql('postgres', q{SELECT tracked_versions, evicted_versions, untracked_predictions FROM sentiment_stat_table()}), '6|3|3000', 'versions that answer keep their place');
is(total(), 3001, 'and their counts');
# one that answers no more gives its place
$node->safe_psql('postgres', q{SELECT sentiment_deploy('m', 1); SELECT sentiment_train('g', 'reviews'); SELECT count(sentiment_predict(text, 'g')) FROM reviews});
is($node->safe_psql('postgres', q{SELECT predictions FROM sentiment_stat_latency WHERE model = 'g'}), '3000', 'a version that answers no more makes room');
is($node->safe_psql('postgres', q{SELECT count(*) FROM sentiment_stat_latency WHERE model = 'm' AND version = 2}), '0', 'and is gone');
# a smaller table after a restart
$node->append_conf('postgresql.conf', 'sentiment.max_tracked_versions = 3');
$node->restart;
is($node->safe_psql('postgres', q{SELECT max_tracked_versions, tracked_versions FROM sentiment_stat_table()}), '3|3', 'a smaller table keeps what fits');
$node->append_conf('postgresql.conf', 'sentiment.max_tracked_versions = 50');
$node->restart;

# shadow versions
$node->safe_psql('postgres', q{
	SELECT sentiment_drop_model(model) FROM sentiment_models WHERE model <> 'm';
	CREATE VIEW turned AS SELECT text, CASE label WHEN 'pos' THEN 'neg' ELSE 'pos' END AS label FROM reviews;
	SELECT sentiment_train('m', 'turned', deploy => 'never');
	SELECT sentiment_stat_reset();
	SELECT sentiment_set_shadow('m', 3, 1), sentiment_set_shadow('m', 2, 0.25)});
my $answers = q{SELECT md5(string_agg(sentiment_predict(text, 'm') || sentiment_score(text, 'm'), '' ORDER BY id)) FROM reviews};
my $alone = $node->safe_psql('postgres', "SET sentiment.track_predictions = off; $answers");
is($node->safe_psql('postgres', $answers), $alone, 'answers are the same with a shadow');
is($node->safe_psql('postgres', q{SELECT version, compared = 6000, disagreed > 5900, failed FROM sentiment_stat_shadow WHERE version = 3}), '3|t|t|0', 'disagreements are counted');
is($node->safe_psql('postgres', q{SELECT version, compared BETWEEN 1300 AND 1700, disagreed < 50, failed FROM sentiment_stat_shadow WHERE version = 2}), '2|t|t|0', 'on a sample');
is(total(), 6000, 'the shadow makes no predictions');
# in parallel workers
$plan = $node->safe_psql('postgres', q{
	SELECT sentiment_stat_reset();
	SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
	EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) SELECT count(sentiment_predict(text, 'm')) FROM reviews});
like($plan, qr/Workers Launched: [1-9]/, 'with parallel workers');
is($node->safe_psql('postgres', q{SELECT compared FROM sentiment_stat_shadow WHERE version = 3}), '3000', 'workers score the shadow');
# a shadow whose image is broken: nobody's prediction suffers
$node->safe_psql('postgres', q{UPDATE sentiment.model_version SET image_checksum = image_checksum + 1 WHERE version = 3; SELECT sentiment_stat_reset()});
is($node->safe_psql('postgres', $answers), $alone, 'a shadow that cannot be opened reaches nobody');
is($node->safe_psql('postgres', q{SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
	SELECT count(sentiment_predict(text, 'm')) FROM reviews}), '3000', 'nor in a parallel worker');
is($node->safe_psql('postgres', q{SELECT version, compared, failed BETWEEN 2 AND 20 FROM sentiment_stat_shadow WHERE version = 3}), '3|0|t', 'its failures are counted, once a statement');
my $log = slurp_file($node->logfile);
unlike($log, qr/resource was not closed|reference leak|TRAP|still referenced/, 'and nothing leaks');
# rollback of the statement, more statements in the transaction, savepoints: all go on
is($node->safe_psql('postgres', q{BEGIN; SAVEPOINT s; SELECT sentiment_predict('a good book', 'm'); ROLLBACK TO s; SELECT sentiment_predict('a good book', 'm'); COMMIT}), "pos\npos", 'in subtransactions');
$node->safe_psql('postgres', q{UPDATE sentiment.model_version SET image_checksum = image_checksum - 1 WHERE version = 3});
is($node->safe_psql('postgres', q{SELECT sentiment_stat_reset(); SELECT sentiment_predict('a good book', 'm'); SELECT compared, failed FROM sentiment_stat_shadow WHERE version = 3}), "\npos\n1|0", 'a mended shadow is scored again');
# a shadow with a column of its own: its number may be given, and an error in it is its own
$node->safe_psql('postgres', q{
	SELECT sentiment_set_shadow('m', 3, 0);
	CREATE VIEW numbers AS SELECT *, id % 7 AS price FROM reviews;
	SELECT sentiment_train('m', 'numbers', numeric_columns => '{price}', deploy => 'never');
	SELECT sentiment_set_shadow('m', 4, 1); SELECT sentiment_stat_reset()});
is($node->safe_psql('postgres', q{SELECT sentiment_predict('a good book', 'm', '{"price": 3}')}), 'pos', 'numbers of the shadow may be given');
is($node->safe_psql('postgres', q{SELECT count(sentiment_predict(text, 'm', '{"price": "x"}')) FROM reviews}), '3000', 'wrong ones reach nobody');
is($node->safe_psql('postgres', q{SELECT compared, failed FROM sentiment_stat_shadow WHERE version = 4}), '1|3000', 'and are counted one by one');
is($node->safe_psql('postgres', q{SELECT count(*) FROM sentiment_stat_errors}), '0', 'as no errors of the version that answers');
unlike(slurp_file($node->logfile), qr/resource was not closed|reference leak|TRAP|still referenced/, 'nothing leaks');
$node->safe_psql('postgres', q{SELECT sentiment_set_shadow('m', 4, 0); SELECT sentiment_set_shadow('m', 3, 1)});
# a cancel is not the shadow's error
($status, $out, $err) = $node->psql('postgres', q{SET statement_timeout = '300ms'; SELECT count(sentiment_predict(repeat(text, 200), 'm')) FROM reviews, generate_series(1, 100)});
like($err, qr/canceling statement due to statement timeout/, 'a timeout ends the statement');

# metrics
my $metrics = $node->safe_psql('postgres', 'SELECT name, labels, value FROM sentiment_metrics()');
like($metrics, qr/^sentiment_predictions_total\|\{"label": "pos", "model": "m", "version": "1"\}\|\d+$/m, 'predictions by label');
like($metrics, qr/^sentiment_prediction_seconds_bucket\|\{"le": "\+Inf", "model": "m", "version": "1"\}\|\d+$/m, 'latency');
like($metrics, qr/^sentiment_prediction_seconds_bucket\|\{"le": "0.0005", "model": "m", "version": "1"\}\|\d+$/m, 'bounds');
like($metrics, qr/^sentiment_shadow_predictions_total\|\{"model": "m", "version": "3"\}\|\d+$/m, 'shadow');
like($metrics, qr/^sentiment_statistics_available\|\{\}\|1$/m, 'that predictions are counted');
is($node->safe_psql('postgres', q{SELECT count(*) FROM sentiment_metrics() WHERE value IS NULL OR name !~ '^[a-z][a-z0-9_]*$'}), 0, 'every sample has a value');
is($node->safe_psql('postgres', q{SELECT count(*) FROM (SELECT 1 FROM sentiment_metrics() GROUP BY name, labels HAVING count(*) > 1) AS d}), 0, 'each is told once');

# a standby counts its own
$node->safe_psql('postgres', 'SELECT sentiment_stat_reset()');
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
is(total($standby), 0, 'a standby begins at zero');
is($standby->safe_psql('postgres', $answers), $alone, 'answers are the same');
is(total($standby), 6000, 'a standby counts');
is($standby->safe_psql('postgres', q{SELECT compared FROM sentiment_stat_shadow WHERE version = 3}), '6000', 'and scores the shadow');
is($standby->safe_psql('postgres', q{SELECT count(*) > 0 FROM sentiment_metrics()}), 't', 'and has metrics');
is(total(), 0, 'which the primary knows nothing of');
is($standby->safe_psql('postgres', q{SELECT sentiment_route('m', id::text) FROM reviews WHERE id = 7}), $node->safe_psql('postgres', q{SELECT sentiment_route('m', id::text) FROM reviews WHERE id = 7}), 'units have their version there too');
($status, $out, $err) = $standby->psql('postgres', q{SELECT sentiment_outcome('m', 1, 'u', true)});
like($err, qr/cannot execute sentiment_outcome\(\) (during recovery|in a read-only transaction)/, 'outcomes are for the primary');
($status, $out, $err) = $standby->psql('postgres', q{SELECT sentiment_set_traffic('m', '{"1": 1}')});
like($err, qr/cannot execute sentiment_set_traffic\(\) (during recovery|in a read-only transaction)/, 'so is traffic');
($status, $out, $err) = $standby->psql('postgres', q{SELECT sentiment_stat_reset('m')});
is($status, 0, 'a standby can be reset');
is(total($standby), 0, 'to zero');
$standby->stop;

# dump and restore: traffic, shadow and outcomes; units keep their version
$node->safe_psql('postgres', q{
	SELECT sentiment_set_traffic('m', '{"1": 0.6, "2": 0.4}');
	SELECT count(sentiment_outcome('m', NULL, id::text, id % 3 = 0)) FROM reviews});
my $experiment = q{SELECT version, share, outcomes, successes, rate, p_value FROM sentiment_experiments};
my $routes = q{SELECT md5(string_agg(sentiment_route('m', i::text)::text, '' ORDER BY i)) FROM generate_series(1, 5000) AS i};
my @was = map { $node->safe_psql('postgres', $_) } $experiment, $routes;
$node->safe_psql('postgres', 'CREATE DATABASE copy');
my $dump = $node->basedir . '/dump.sql';
$node->command_ok([ 'pg_dump', '-f', $dump, '-d', $node->connstr('postgres') ], 'dump');
$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('copy'), '-f', $dump ], 'restore');
is($node->safe_psql('copy', $experiment), $was[0], 'outcomes are restored');
is($node->safe_psql('copy', $routes), $was[1], 'units keep their version');
is($node->safe_psql('copy', q{SELECT version, shadow_share FROM sentiment.deployment WHERE shadow_share > 0}), '3|1', 'so does the shadow');

$node->stop;
done_testing();
