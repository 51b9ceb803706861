# Drift: false alarms over many windows, standby, dump and restore, events, cancel, huge texts, hostile profiles.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SentimentTest;
use Test::More;
use Time::HiRes qw(time);

my $node = start_node('drift');
$node->safe_psql('postgres', reviews_sql('reviews', 12000, 20));
$node->safe_psql('postgres', q{
	CREATE VIEW training AS SELECT * FROM reviews WHERE id <= 6000;
	CREATE TABLE later AS SELECT * FROM reviews WHERE id > 6000;
	SELECT sentiment_train('m', 'training');
	CREATE FUNCTION alarms(windows int, size int, params jsonb) RETURNS bigint LANGUAGE plpgsql AS $$
	DECLARE
		n bigint := 0;
		drifted boolean;
	BEGIN
		FOR seed IN 1 .. windows LOOP
			CREATE TABLE week AS SELECT * FROM later ORDER BY hashint8extended(id, seed) LIMIT size;
			SELECT d.drifted INTO drifted FROM sentiment_check_drift('m', 'week', params => params, store => false) AS d WHERE feature = '(report)';
			n := n + drifted::int;
			DROP TABLE week;
		END LOOP;
		RETURN n;
	END $$});

# at a level of 1 %, 2 windows of 200 are expected to raise an alarm if every change counts, however small
my $any_change = q{'{"psi": 0, "ks": 0, "vocabulary": 0, "term": 0, "embedding": 0, "auc": 0.5}'};
cmp_ok($node->safe_psql('postgres', q{SELECT alarms(200, 500, '{}')}), '<=', 5, 'windows of 500 rows without drift');
cmp_ok($node->safe_psql('postgres', "SELECT alarms(200, 500, $any_change)"), '<=', 5, 'without thresholds');
cmp_ok($node->safe_psql('postgres', "SELECT alarms(200, 100, $any_change)"), '<=', 5, 'windows of 100 rows');
cmp_ok($node->safe_psql('postgres', "SELECT alarms(200, 25, $any_change)"), '<=', 5, 'windows of 25 rows');

# listeners are told
my ($out, $err);
$node->psql('postgres', q{
	LISTEN sentiment_events;
	CREATE TABLE shouted AS SELECT id, sentiment_inject_drift(text, 'shouting') AS text, label FROM later LIMIT 500;
	SELECT drifted FROM sentiment_check_drift('m', 'shouted') WHERE feature = '(report)'}, stdout => \$out);
like($out, qr/^t$/m, 'drift is found');
like($out, qr/"event": "drift_checked", "model": "m", "version": 1, "report_id": 1, "rows": 500, "findings": \d+, "drifted": true/, 'the check is told');
like($out, qr/"event": "drift_detected"/, 'the drift is told');

# a standby answers, and stores nothing
my $question = q{SET extra_float_digits = 3; SELECT string_agg(d::text, E'\n') FROM sentiment_check_drift('m', 'shouted', store => false) AS d};
my $answer = $node->safe_psql('postgres', $question);
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
is($standby->safe_psql('postgres', $question), $answer, 'the same report on a standby');
$standby->psql('postgres', q{SELECT sentiment_check_drift('m', 'shouted')}, stderr => \$err);
like($err, qr/cannot store a drift report during recovery.*store => false/s, 'storing is refused');
$standby->stop;

# references and reports survive dump and restore, without the source
my $stored = q{SET extra_float_digits = 3;
	SELECT md5(string_agg(p::text, '|')) FROM sentiment.version_profile AS p;
	SELECT md5(string_agg(r::text, '|' ORDER BY report_id)) FROM sentiment.drift_report AS r;
	SELECT md5(string_agg(f::text, '|' ORDER BY report_id, position)) FROM sentiment.drift_report_feature AS f;
	SELECT md5(string_agg(b::text, '|' ORDER BY report_id, position)) FROM sentiment.drift_report_bins AS b};
my $target = PostgreSQL::Test::Cluster->new('target');
$target->init;
$target->start;
my $file = $node->data_dir . '/../drift.dump';
command_ok([ 'pg_dump', '-d', $node->connstr('postgres'), '--exclude-table=reviews', '--exclude-table=later', '--exclude-table=training', '--no-owner', '--no-privileges', "--file=$file" ], 'dump');
command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $target->connstr('postgres'), '-f', $file ], 'restore');
is($target->safe_psql('postgres', $stored), $node->safe_psql('postgres', $stored), 'references and reports, to the last bit');
is($target->safe_psql('postgres', $question), $answer, 'the same report');
$target->safe_psql('postgres', q{SELECT sentiment_check_drift('m', 'shouted')});
is($target->safe_psql('postgres', 'SELECT report_id, source_name FROM sentiment_drift_reports ORDER BY 1'), "1|shouted\n2|shouted", 'numbers of reports go on');
$target->stop;

# a reference that is another model's, or no reference at all, is told
$node->safe_psql('postgres', q{
	SELECT sentiment_train('other', 'training', params => '{"ngram_max": 1}');
	UPDATE sentiment.version_profile AS p SET profile = q.profile FROM sentiment.version_profile AS q
	WHERE p.model_id = (SELECT model_id FROM sentiment.model WHERE name = 'other') AND q.model_id = (SELECT model_id FROM sentiment.model WHERE name = 'm')});
$node->psql('postgres', q{SELECT sentiment_check_drift('other', 'later')}, stderr => \$err);
like($err, qr/cannot hold rows of different models/, "another model's reference");
$node->psql('postgres', q{SELECT (overlay(profile::text placing 'ffffffff' from 60))::sentiment_drift_profile FROM sentiment.version_profile}, stderr => \$err);
like($err, qr/invalid value for type sentiment_drift_profile|size is out of range/, 'changed bytes');

# a text of 50 MB, stored as it is: the server does not hear of a cancel while it decompresses
is($node->safe_psql('postgres', q{
	CREATE TABLE huge (text text);
	ALTER TABLE huge ALTER COLUMN text SET STORAGE EXTERNAL;
	INSERT INTO huge SELECT repeat('lovely book w17 ', 3200000);
	SELECT value FROM sentiment_check_drift('m', 'huge', store => false) WHERE feature = '(report)'}), '0', 'a huge text');
foreach my $kind ('longer', 'shorter', 'shouting', 'typos', 'vocabulary_swap', 'negation_flip')
{
	cmp_ok($node->safe_psql('postgres', "SELECT length(sentiment_inject_drift(text, '$kind')) FROM huge"), '>', 0, "$kind of a huge text");
}

# a timeout ends a check at once, wherever it is
my @delays;
my $connecting = time;
$node->safe_psql('postgres', 'SELECT 1') foreach 1 .. 5;
$connecting = 1000 * (time - $connecting) / 5;
$node->safe_psql('postgres', 'CREATE TABLE many AS SELECT r.* FROM reviews AS r, generate_series(1, 20)');
foreach my $timeout (5, 20, 50, 100, 200, 300)
{
	foreach my $statement ("SELECT sentiment_check_drift('m', 'many')", "SELECT sentiment_check_drift('m', 'huge'), pg_sleep(1)",
		"SELECT length(sentiment_inject_drift(text, 'typos')), pg_sleep(1) FROM huge")
	{
		my $start = time;
		my $result = $node->psql('postgres', "SET statement_timeout = '${timeout}ms';\n$statement", stderr => \$err);
		next if $result == 0;
		like($err, qr/statement timeout/, 'ended by the timeout');
		push @delays, 1000 * (time - $start) - $timeout - $connecting;
	}
}
@delays = sort { $a <=> $b } @delays;
note("delays in ms: @delays");
cmp_ok(scalar(@delays), '>=', 8, 'most were ended midway');
cmp_ok($delays[ @delays / 2 ], '<', 100, 'within 100 ms mostly');
cmp_ok($delays[$#delays], '<', 1000, 'within a second at worst');
is($node->safe_psql('postgres', 'SELECT count(*) FROM sentiment.drift_report'), '1', 'nothing is left of them');

$node->stop;
done_testing();
