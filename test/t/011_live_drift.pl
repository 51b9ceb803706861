# Drift of live traffic, from sketches in shared memory: no alarm on ordinary traffic, alarms on traffic that has
# drifted, parallel workers, reset, restart, a standby, rights.

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
});
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION sentiment');
$node->safe_psql('postgres', q{CREATE FUNCTION made_review(i int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT string_agg(CASE WHEN h % 7 = 0 THEN (ARRAY['lovely', 'awful'])[1 + i % 2] WHEN h % 11 = 0 THEN 'w' || h
						   ELSE (ARRAY['the', 'coffee', 'tea', 'taste', 'price', 'box', 'is', 'was', 'a', 'of', 'it', 'cup', 'milk', 'dark'])[1 + h % 14] END,
					  ' ' ORDER BY j) || (ARRAY['.', '!', '?', '!!!'])[1 + (hashint4(i) >> 8 & 3)]
	FROM generate_series(1, 8 + (hashint4(i) & 31)) AS j, LATERAL (SELECT hashint4(i * 100 + j) & 65535) AS r(h)
	$$});
$node->safe_psql('postgres', q{
	CREATE TABLE reviews AS SELECT i AS id, made_review(i) AS text, CASE WHEN i % 2 = 0 THEN 'pos' ELSE 'neg' END AS label FROM generate_series(1, 30000) AS i;
	CREATE VIEW training AS SELECT * FROM reviews WHERE id <= 10000;
	CREATE TABLE later AS SELECT * FROM reviews WHERE id > 10000;
	ANALYZE;
	SELECT sentiment_train('m', 'training')});

my $settings = 'SET extra_float_digits = 3; SET TimeZone = UTC;';
my $verdict = q{SELECT drifted, value FROM sentiment_check_drift('m', store => false) WHERE feature = '(report)'};
my $drifted = q{SELECT string_agg(DISTINCT feature, ' ') FROM sentiment_check_drift('m', store => false) WHERE drifted};
my $report = qq{$settings SELECT string_agg(d::text, E'\n') FROM sentiment_check_drift('m', store => false) AS d};
my $sketch = qq{$settings SELECT string_agg(f::text, E'\n' ORDER BY version, feature, lower) FROM sentiment_stat_features AS f};

# Predict texts: 60,000 of them, of which some 940 are sampled.
sub traffic
{
	my ($on, $text) = @_;
	$on->safe_psql('postgres', qq{SELECT count(sentiment_predict($text, 'm')) FROM later, generate_series(1, 3)});
}

# nothing yet
is($node->safe_psql('postgres', $verdict), '|', 'no traffic, no verdict');
is($node->safe_psql('postgres', "SELECT count(*) FROM sentiment_check_drift('m', store => false) WHERE value IS NOT NULL"), 0, 'and no figures');

# ordinary traffic
traffic($node, 'text');
is($node->safe_psql('postgres', $verdict), 'f|0', 'ordinary traffic has not drifted');
is($node->safe_psql('postgres', q{
	SELECT count(*) FILTER (WHERE statistic = 'psi' AND p_value IS NOT NULL) FROM sentiment_check_drift('m', store => false)}),
	13, 'ten text features, unknown tokens, score and predicted labels are compared');
is($node->safe_psql('postgres', q{
	SELECT string_agg(feature || ' ' || statistic, ', ') FROM sentiment_check_drift('m', store => false) WHERE value IS NULL AND feature <> '(report)'}),
	'(label) psi, (domain classifier) auc', 'what needs rows is not');
# p-values are not too small: none of 13 is below 1e-4 but once in 770 runs
is($node->safe_psql('postgres', q{
	SELECT feature, statistic FROM sentiment_check_drift('m', store => false) WHERE p_value < 1e-4 OR (statistic = 'psi' AND value > 0.08)}), '', 'nor nearly');
# one prediction in 64, within six standard deviations
is($node->safe_psql('postgres', q{
	SELECT feature, sum(predictions) BETWEEN 755 AND 1120, min(lower) >= 0, bool_and(lower <= upper) FROM sentiment_stat_features
	WHERE feature IN ('text_len', '(score)', '(unknown tokens)', 'emoji_count') GROUP BY 1 ORDER BY 1}),
	"(score)|t|t|t\n(unknown tokens)|t|t|t\nemoji_count|t|t|t\ntext_len|t|t|t", 'the sketch has one prediction in 64');
is($node->safe_psql('postgres', q{SELECT count(DISTINCT n) FROM (SELECT sum(predictions) AS n FROM sentiment_stat_features GROUP BY feature) AS f}), 1, 'in each histogram');
is($node->safe_psql('postgres', q{SELECT lower, upper FROM sentiment_stat_features WHERE feature = 'emoji_count'}), '0|0', 'texts without emoji are at 0');
# texts are of 30 to 300 characters, punctuation and all
is($node->safe_psql('postgres', q{
	SELECT min(f.lower) <= t.longest AND min(f.upper) >= t.shortest AND max(f.lower) <= t.longest
	FROM sentiment_stat_features AS f, (SELECT min(length(text)) AS shortest, max(length(text)) AS longest FROM later) AS t
	WHERE f.feature = 'text_len' GROUP BY t.shortest, t.longest}), 't', 'cells have the lengths that texts have');

# the stored report: live traffic has no source, but a beginning
is($node->safe_psql('postgres', q{
	SELECT drifted FROM sentiment_check_drift('m') WHERE feature = '(report)';
	SELECT r.source_name IS NULL, r.source_schema IS NULL, r.text_column IS NULL, r.rows, r.sampled BETWEEN 755 AND 1120, r.since = s.since, r.drifted
	FROM sentiment_drift_reports AS r, sentiment_stat_latency AS s WHERE s.model = 'm' ORDER BY report_id DESC LIMIT 1}),
	"f\nt|t|t|60000|t|t|f", 'a report of live traffic');
is($node->safe_psql('postgres', q{
	SELECT count(*) FROM (SELECT feature FROM sentiment_drift_bins, jsonb_array_elements(bins) AS bin WHERE statistic = 'psi'
		GROUP BY feature HAVING abs(sum((bin->>'current')::float8) - 1) < 1e-9 AND abs(sum((bin->>'reference')::float8) - 1) < 1e-9) AS whole}),
	13, 'with bins');
is($node->safe_psql('postgres', q{
	SELECT drifted FROM sentiment_check_drift('m', 'later', store => true) WHERE feature = '(report)';
	SELECT sampled IS NULL, since IS NULL FROM sentiment_drift_reports ORDER BY report_id DESC LIMIT 1}), "f\nt|t", 'a report of rows has neither');

# parallel workers count
$node->safe_psql('postgres', q{SELECT sentiment_stat_reset('m')});
is($node->safe_psql('postgres', $verdict), '|', 'a reset forgets the traffic');
is($node->safe_psql('postgres', 'SELECT count(*) FROM sentiment_stat_features'), 0, 'and empties the sketch');
my $plan = $node->safe_psql('postgres', q{
	SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET parallel_leader_participation = off;
	EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) SELECT count(sentiment_predict(text, 'm')) FROM later, generate_series(1, 3)});
like($plan, qr/Workers Launched: [1-9]/, 'with parallel workers alone');
is($node->safe_psql('postgres', $verdict), 'f|0', 'workers\' traffic is checked');
cmp_ok($node->safe_psql('postgres', q{SELECT sum(predictions) FROM sentiment_stat_features WHERE feature = 'text_len'}), '>', 755, 'all of it');

# traffic that has drifted
my %expected = (
	shouting => qr/caps_ratio/,
	longer => qr/text_len.*word_count/,
	vocabulary_swap => qr/\(unknown tokens\) \(vocabulary\)/);
foreach my $kind (sort keys %expected)
{
	$node->safe_psql('postgres', q{SELECT sentiment_stat_reset('m')});
	traffic($node, "sentiment_inject_drift(text, '$kind', 1, 7)");
	like($node->safe_psql('postgres', $verdict), qr/^t\|/, "$kind: drift is found");
	like($node->safe_psql('postgres', $drifted), $expected{$kind}, "$kind: where it is");
}
# labels alone: the same texts of one class
$node->safe_psql('postgres', q{SELECT sentiment_stat_reset('m'); SELECT count(sentiment_predict(text, 'm')) FROM later, generate_series(1, 6) WHERE label = 'pos'});
like($node->safe_psql('postgres', $drifted), qr/\(predicted label\).*\(report\)|\(report\).*\(predicted label\)|\(predicted label\)/, 'one class alone: predicted labels drift');

# a session sees its own traffic before it commits
is($node->safe_psql('postgres', q{SELECT sentiment_stat_reset('m');
	BEGIN; SELECT count(sentiment_predict(upper(text), 'm')) FROM later; SELECT drifted FROM sentiment_check_drift('m', store => false) WHERE feature = '(report)'; ROLLBACK}),
	"\n20000\nt", 'in the same transaction');

# restart
my $before = $node->safe_psql('postgres', $report);
my $cells = $node->safe_psql('postgres', $sketch);
cmp_ok(length($cells), '>', 1000, 'the sketch is not empty');
$node->restart;
is($node->safe_psql('postgres', $sketch), $cells, 'a restart keeps every cell');
is($node->safe_psql('postgres', $report), $before, 'and the report');

# a standby has its own traffic, and stores nothing
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
is($standby->safe_psql('postgres', $verdict), '|', 'a standby has seen no traffic');
traffic($standby, 'text');
is($standby->safe_psql('postgres', $verdict), 'f|0', 'ordinary traffic of a standby');
$standby->safe_psql('postgres', q{SELECT sentiment_stat_reset('m')});
traffic($standby, 'upper(text)');
like($standby->safe_psql('postgres', $drifted), qr/caps_ratio/, 'drift of a standby\'s traffic');
my ($out, $err);
$standby->psql('postgres', q{SELECT sentiment_check_drift('m')}, stderr => \$err);
like($err, qr/cannot store a drift report during recovery.*store => false/s, 'storing is refused');
is($node->safe_psql('postgres', $report), $before, 'the primary counts its own');

# rights: predict is enough for the verdict; the sketch is for who may train
$node->safe_psql('postgres', q{CREATE ROLE asker; CREATE ROLE trainer; SELECT sentiment_grant('m', 'asker', 'predict'), sentiment_grant('m', 'trainer', 'train')});
is($node->safe_psql('postgres', "SET ROLE asker; $verdict"), $node->safe_psql('postgres', $verdict), 'who may ask may check');
is($node->safe_psql('postgres', 'SET ROLE asker; SELECT count(*) FROM sentiment_stat_features'), 0, 'but does not see the sketch');
is($node->safe_psql('postgres', 'SET ROLE trainer; SELECT count(*) > 100 FROM sentiment_stat_features'), 't', 'who may train does');
$node->psql('postgres', q{SET ROLE asker; SELECT sentiment_check_drift('m')}, stderr => \$err);
like($err, qr/permission denied for model "m"/, 'nor may store');

# a version that does not answer has no traffic; without a reference there is an error; by value nothing is seen
$node->safe_psql('postgres', q{SELECT sentiment_train('m', 'training', params => '{"C": 0.1}', deploy => 'never'); SELECT sentiment_stat_reset('m');
	SELECT count(sentiment_predict(sentiment_get_model('m'), text)) FROM later});
is($node->safe_psql('postgres', q{SELECT drifted FROM sentiment_check_drift('m', version => 2, store => false) WHERE feature = '(report)'}), '', 'a version without traffic');
is($node->safe_psql('postgres', $verdict), '|', 'by value nothing is seen');
traffic($node, q{CASE WHEN id % 3 = 0 THEN '' WHEN id % 3 = 1 THEN repeat('a!', 100000 * (id = 10003)::int) ELSE NULL END});
like($node->safe_psql('postgres', $drifted), qr/text_len/, 'empty texts');
$node->safe_psql('postgres', q{DELETE FROM sentiment.version_profile WHERE version = 1});
$node->psql('postgres', $verdict, stderr => \$err);
like($err, qr/version 1 of model "m" has no reference to measure drift from/, 'a version without a reference');
# more than two labels; switched off
$node->safe_psql('postgres', q{
	CREATE VIEW many AS SELECT text, label || id % 40 AS label FROM reviews WHERE id <= 6000;
	SELECT sentiment_train('many', 'many', params => '{"max_iter": 2}', deploy => 'always');
	SELECT count(sentiment_predict(text, 'many')) FROM later});
is($node->safe_psql('postgres', q{SELECT value IS NULL FROM sentiment_check_drift('many', store => false) WHERE feature = '(predicted label)'}), 'f', '40 labels');
$node->safe_psql('postgres', q{SELECT sentiment_stat_reset('many'); SET sentiment.track_predictions = off; SELECT count(sentiment_predict(text, 'many')) FROM later});
is($node->safe_psql('postgres', q{SELECT drifted FROM sentiment_check_drift('many', store => false) WHERE feature = '(report)'}), '', 'switched off');
my $log = slurp_file($node->logfile);
unlike($log, qr/TRAP|PANIC|terminated by signal/, 'nothing has crashed');

done_testing();
