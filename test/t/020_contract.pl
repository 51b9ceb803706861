# Data contracts: dump and restore, a standby, cancels, events, findings of a training that is stopped.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SentimentTest;
use Test::More;
use Time::HiRes qw(time);

my $node = start_node('contract');
$node->safe_psql('postgres', reviews_sql('reviews', 600, 5));
$node->safe_psql('postgres', reviews_sql('large', 40000, 100));
$node->safe_psql('postgres', q{
	CREATE ROLE analyst;
	GRANT SELECT ON reviews TO analyst;
	SELECT sentiment_set_contract('m', sentiment_suggest_contract('reviews'));
	SELECT sentiment_train('m', 'reviews');
	SELECT sentiment_set_contract('m', '{"labels": ["pos"], "max_text_length": 20}');
	SET ROLE analyst;
	SELECT sentiment_set_contract('theirs', '{"min_rows": 100000}')});

# what a stopped training has found: in the error and the log; stored by a validation of its own, which is
# told to listeners
my $log_start = -s $node->logfile;
my ($result, $out, $err) = $node->psql('postgres', "\\set VERBOSITY verbose\nSELECT sentiment_train('m', 'reviews')");
isnt($result, 0, 'the training is stopped');
like($err, qr/23514: the rows of "reviews" break the contract of model "m"/, 'with a message');
like($err, qr/DETAIL:  text_too_long \(rows: 600\).*\nunknown_label \(rows: 300\)/, 'that lists what was found');
like(slurp_file($node->logfile, $log_start), qr/LOG:  sentiment: the rows of "public.reviews" break the contract of model "m"/, 'and in the log');
is($node->safe_psql('postgres', 'SELECT count(*) FROM sentiment_model_versions'), '1', 'no version came of it');
$out = $node->safe_psql('postgres', q{
	LISTEN sentiment_events;
	SELECT check_name FROM sentiment_validate('m', store => true) WHERE severity = 'error'});
like($out, qr/text_too_long\nunknown_label\n.*"validation_failed".*"errors": 2/s, 'a validation stores and tells it');
is($node->safe_psql('postgres', 'SELECT trained_version, contract_version, errors, passed FROM sentiment_validations ORDER BY 1 NULLS LAST'),
	"1|1|0|t\n|2|2|f", 'stored validations');

# a standby: validations that store nothing
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
my $validation = q{SELECT check_name, severity, rows, share, detail, example FROM sentiment_validate('m')};
is($standby->safe_psql('postgres', $validation), $node->safe_psql('postgres', $validation), 'the same findings on a standby');
is($standby->safe_psql('postgres', q{SELECT sentiment_suggest_contract('reviews')}),
	$node->safe_psql('postgres', q{SELECT sentiment_suggest_contract('reviews')}), 'the same suggestion');
foreach my $command (q{sentiment_validate('m', store => true)}, q{sentiment_set_contract('m', '{}')})
{
	($result, $out, $err) = $standby->psql('postgres', "\\set VERBOSITY verbose\nSELECT $command");
	isnt($result, 0, "$command is refused");
	like($err, qr/25006/, 'as in a read-only transaction');
}
$standby->stop;

# a database of no encoding may hold any bytes: what is wrong with them is found, not refused
$node->safe_psql('postgres', q{CREATE DATABASE bytes ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0});
is($node->safe_psql('bytes', q{
		CREATE EXTENSION sentiment;
		CREATE TABLE r (text text, label text);
		INSERT INTO r VALUES ('fine', 'a'), (E'a bad \\xff byte', 'a'), (E'half \\xed\\xa0\\xbd of it', E'b\\xff');
		SELECT check_name, rows, example FROM sentiment_validate(contract => '{}', source => 'r')}),
	"label_unusable|1|\ninvalid_encoding|2|half ??? of it\nlone_surrogate|1|half ??? of it", 'invalid bytes');
# in Latin-1, names and labels are compared as they should be
$node->safe_psql('postgres', q{CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0});
is($node->safe_psql('latin', q{
		SET client_encoding = 'UTF8';
		CREATE EXTENSION sentiment;
		CREATE TABLE r (text text, "Größe" int, label text);
		INSERT INTO r VALUES (U&'caf\00c3\00a9', 1, 'schön'), ('anders', 2, 'gut');
		SELECT check_name, severity, rows FROM sentiment_validate(contract => '{"labels": ["schön"], "ranges": {"Größe": {"max": 1}}}', source => 'r') ORDER BY 1}),
	"mojibake|warning|1\nnumber_range|error|1\nunknown_label|error|1", 'Latin-1');

# a cancel takes effect at once
my $connecting = time;
$node->safe_psql('postgres', 'SELECT 1') foreach 1 .. 5;
$connecting = 1000 * (time - $connecting) / 5;
my @delays;
foreach my $statement (
	q{SELECT count(*) FROM sentiment_validate(contract => '{}', source => 'large'), generate_series(1, 1000)},
	q{SELECT count(*) FROM generate_series(1, 1000) AS i, LATERAL sentiment_validate('m', 'large', 'id > ' || i)},
	q{SELECT count(sentiment_validation_agg(repeat('long <b>text</b> ' || i, 1000000), 'x', NULL, NULL, '{}')) FROM generate_series(1, 1000) AS i})
{
	foreach my $timeout (60, 150, 333)
	{
		my $start = time;
		($result, $out, $err) = $node->psql('postgres', "SET statement_timeout = '${timeout}ms';\n$statement");
		push @delays, 1000 * (time - $start) - $timeout - $connecting if $err =~ /statement timeout/;
	}
}
@delays = sort { $a <=> $b } @delays;
note("delays in ms: @delays");
cmp_ok(scalar(@delays), '>=', 5, 'most were ended midway');
cmp_ok($delays[ @delays / 2 ], '<', 100, 'within 100 ms mostly');
cmp_ok($delays[$#delays], '<', 1000, 'within a second at worst');

# dump and restore, without the source and the role
my $file = $node->data_dir . '/../dump.custom';
my $target = PostgreSQL::Test::Cluster->new('target');
$target->init;
$target->start;
command_ok([ 'pg_dump', '-d', $node->connstr('postgres'), '--exclude-table=reviews', '--exclude-table=large', '--no-owner', '--no-privileges',
		'--format=custom', "--file=$file" ], 'dump');
command_ok([ 'pg_restore', '--exit-on-error', '--no-owner', '-d', $target->connstr('postgres'), $file ], 'restore');
foreach my $view ('sentiment_contracts', 'sentiment_validations', 'sentiment_validation_findings')
{
	my $query = "SELECT * FROM $view";
	is($target->safe_psql('postgres', $query), $node->safe_psql('postgres', $query), "$view is as it was");
}
($result, $out, $err) = $target->psql('postgres', q{SELECT * FROM sentiment_validate('m')});
like($err, qr/the source "public.reviews" of model "m" is gone.*\nHINT:  Name another with/s, 'the source is gone');
$target->safe_psql('postgres', reviews_sql('reviews', 600, 5));
is($target->safe_psql('postgres', $validation), $node->safe_psql('postgres', $validation), 'with the rows back, the findings too');
is($target->safe_psql('postgres', q{
		SELECT sentiment_set_contract('m', '{"min_rows": 600}');
		SELECT version FROM sentiment_train('m', 'reviews');
		SELECT validation_id > 2, contract_version FROM sentiment_validations WHERE trained_version = 2}), "\n2\nt|3", 'numbers go on');
# the waiting contract is found by the role's name in another cluster
is($target->safe_psql('postgres', q{
		CREATE ROLE analyst;
		GRANT SELECT ON reviews TO analyst;
		SET ROLE analyst;
		SELECT check_name FROM sentiment_validate('theirs', 'reviews') WHERE severity = 'error'}), 'rows', 'a waiting contract');
$target->stop;

$node->stop;
done_testing();
