# Every form of dump and restore brings every row of every table back, and numbers go on after them. Also an index by a fixed
# model's scores, as the README makes it.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SentimentTest;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('source');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nshared_preload_libraries = 'sentiment'\nclient_min_messages = error\n");
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE source');
$node->safe_psql('source', 'CREATE EXTENSION sentiment; ' . reviews_sql('reviews', 300, 5));

# ---- something of everything
$node->safe_psql('source', q{
	CREATE ROLE analyst;
	GRANT SELECT ON reviews TO analyst;
	SET ROLE analyst;
	SELECT FROM sentiment_set_contract('waiting', '{"min_rows": 5}');
	SELECT FROM sentiment_train('theirs', 'reviews');
	RESET ROLE;
	SELECT FROM sentiment_train('m', 'reviews');
	SELECT FROM sentiment_train('m', 'reviews', params => '{"C": 1}', deploy => 'always');
	SELECT FROM sentiment_train('m', 'reviews', params => '{"C": 2}', deploy => 'never');
	SELECT FROM sentiment_train('m', 'reviews', params => '{"C": 3}', deploy => 'never');
	SELECT FROM sentiment_grant('m', 'analyst', 'predict');
	SELECT FROM sentiment_set_gate('m', '{"min_f1": 0.5}');
	SELECT FROM sentiment_retire('m', 4, 'of no use');
	SELECT FROM sentiment_set_traffic('m', '{"1": 0.5, "2": 0.5}');
	SELECT FROM sentiment_set_shadow('m', 3, 0.5);
	SELECT sentiment_outcome('m', NULL, i::text, i % 3 = 0) FROM generate_series(1, 20) AS i;
	SELECT FROM sentiment_set_contract('m', '{"max_text_length": 15, "max_length_violation_share": 1}');
	SELECT FROM sentiment_validate('m', 'reviews', store => true);
	SELECT FROM sentiment_check_drift('m', 'reviews');
	SELECT FROM sentiment_monitor('m', 'reviews');
	SELECT FROM sentiment_search('m', 'reviews', trials => 3, folds => 2, deploy => 'never', space => '{"min_df": [1, 2, 900]}');
	SELECT FROM sentiment_set_source('theirs', 'reviews');
	SELECT FROM sentiment_retrain('theirs');
	SELECT FROM sentiment_run_pipeline('theirs', kinds => '{logistic_regression}');
	-- errors that are kept
	CREATE VIEW broken AS SELECT text, CASE WHEN id = 7 THEN (1 / (id - 7))::text ELSE label END AS label FROM reviews;
	SELECT FROM sentiment_train('broken', 'reviews');
	ALTER TABLE reviews RENAME TO reviews_aside;
	ALTER VIEW broken RENAME TO reviews;
	SELECT FROM sentiment_retrain('broken');
	SELECT FROM sentiment_run_pipeline('broken', kinds => '{logistic_regression}');
	ALTER VIEW reviews RENAME TO broken;
	ALTER TABLE reviews_aside RENAME TO reviews;
	-- the README's way of an index by the scores of a fixed version
	CREATE TABLE scored (id int, text text, score float8);
	CREATE FUNCTION keep_score() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		NEW.score := public.sentiment_score(NEW.text, 'm', version => 1);
		RETURN NEW;
	END
	$$;
	CREATE TRIGGER keep_score BEFORE INSERT OR UPDATE OF text ON scored FOR EACH ROW EXECUTE FUNCTION keep_score();
	CREATE INDEX ON scored (score);
	INSERT INTO scored SELECT id, text FROM reviews WHERE id <= 100;
});
# a trial's error that is kept apart needs a source that fails in the middle of a search: its row is made
$node->safe_psql('source', q{
	INSERT INTO sentiment.search_trial_error
	SELECT search_id, trial, 'kept', 'reviews'::regclass::oid, 0 FROM sentiment.search_trial LIMIT 1});

my @tables = split /\n/, $node->safe_psql('source', q{
	SELECT relname FROM pg_class WHERE relnamespace = 'sentiment'::regnamespace AND relkind = 'r' ORDER BY relname});
my $sequences = q{SELECT string_agg(sequencename || ' ' || coalesce(last_value, 0), ', ' ORDER BY sequencename) FROM pg_sequences WHERE schemaname = 'sentiment'};
my $rows = join(' UNION ALL ', map { "SELECT '$_' AS name, count(*) AS n, md5(string_agg(t::text, ' ' ORDER BY t::text)) AS rows FROM sentiment.$_ AS t" } @tables)
	. ' ORDER BY name';
my $scores = q{SET enable_seqscan = off; SELECT count(*) FROM scored WHERE score > 0.5; SELECT sum(score) FROM scored};

# What differs between two texts, line by line.
sub difference
{
	my ($got, $expected) = @_;
	my %expected = map { $_ => 1 } split /\n/, $expected;

	return join("\n", grep { !$expected{$_} } split /\n/, $got);
}

# All that is compared of a database.
sub contents
{
	my ($database) = @_;
	return join("\n", map { $node->safe_psql($database, $_) } $rows, $sequences, $scores) . "\n"
		. predictions($node, 'm', $database);
}

is($node->safe_psql('source', "SELECT name FROM ($rows) AS r WHERE n = 0"), '', 'every table has rows');
is(problems($node, 'source'), '', 'nothing is missing in the source');

# ---- a table whose rows refer to others is known to the check
{
	my %roots = map { $_ => 1 } qw(model deployment_history pipeline_run retraining search);
	my %told;

	foreach my $lost ([qw(model)], [qw(validation drift_report pipeline_run retraining search)],
		[qw(model_version validation_finding drift_report_feature search_trial)])
	{
		my $orphans = $node->safe_psql('source', 'BEGIN; ' . join('; ', map { "DELETE FROM sentiment.$_" } @$lost)
				. '; SELECT DISTINCT relation FROM sentiment.orphaned_rows(); ROLLBACK');

		$told{$_} = 1 foreach split /\n/, $orphans;
	}
	is(join(' ', sort keys %told), join(' ', grep { !$roots{$_} } @tables), 'rows without those that they refer to are told, of every table');
}

# ---- what is dropped leaves nothing but its history
{
	my $columns = $node->safe_psql('source', q{SELECT string_agg(format('SELECT %L WHERE EXISTS (SELECT FROM sentiment.%I WHERE model_id = 1)', relname, relname), ' UNION ALL ')
		FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'model_id'
		WHERE relnamespace = 'sentiment'::regnamespace AND relkind = 'r'
			AND relname NOT IN ('deployment_history', 'search', 'retraining', 'pipeline_run')});
	my $left = "BEGIN; UPDATE sentiment.search SET model_id = 1; SELECT count(sentiment_drop_model(name)) FROM sentiment.model; "
		. "SELECT * FROM ($columns) AS l; SELECT relation FROM sentiment.orphaned_rows(); ROLLBACK";
	is($node->safe_psql('source', $left), '3', 'models that are dropped leave no row behind');
}

# ---- the forms
my $contents = contents('source');
my $folder = PostgreSQL::Test::Utils::tempdir();
my @from = ('-U', 'postgres', '-d', $node->connstr('source'));
command_ok([ 'pg_dump', @from, '--format=custom', "--file=$folder/custom" ], 'dump, custom');
command_ok([ 'pg_dump', @from, '--format=directory', '--jobs=2', "--file=$folder/directory" ], 'dump, directory');
command_ok([ 'pg_dump', @from, '--format=plain', "--file=$folder/plain" ], 'dump, plain');
command_ok([ 'pg_dump', @from, '--format=plain', '--data-only', '--disable-triggers', "--file=$folder/plain_data" ], 'dump, plain, data only');
command_ok([ 'pg_dump', @from, '--format=plain', '--schema-only', "--file=$folder/plain_schema" ], 'dump, plain, schema only');

# name of the form, whether the extension is there before, and one command for each step
my @forms = (
	[ 'custom', 0, [ 'pg_restore', "$folder/custom" ] ],
	[ 'custom in parallel', 0, [ 'pg_restore', '--jobs=2', "$folder/custom" ] ],
	[ 'directory in parallel', 0, [ 'pg_restore', '--jobs=4', "$folder/directory" ] ],
	[ 'sections', 0, map { [ 'pg_restore', '--jobs=2', "--section=$_", "$folder/custom" ] } qw(pre-data data post-data) ],
	[ 'schema, then data', 0, [ 'pg_restore', '--schema-only', "$folder/custom" ], [ 'pg_restore', '--data-only', '--jobs=2', '--disable-triggers', "$folder/custom" ] ],
	[ 'where the extension is', 1, [ 'pg_restore', '--jobs=2', "$folder/custom" ] ],
	[ 'plain', 0, [ 'psql', "$folder/plain" ] ],
	[ 'plain schema, then data', 0, [ 'psql', "$folder/plain_schema" ], [ 'psql', "$folder/plain_data" ] ],
	[ 'plain where the extension is', 1, [ 'psql', "$folder/plain" ] ],
);
my $number = 0;
foreach my $form (@forms)
{
	my ($name, $has_extension, @steps) = @$form;
	my $database = 'target_' . ++$number;

	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, 'CREATE EXTENSION sentiment') if $has_extension;
	foreach my $step (@steps)
	{
		my ($program, @arguments) = @$step;
		my @to = ('-U', 'postgres', '-d', $node->connstr($database));

		command_ok(
			$program eq 'psql'
			? [ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', @to, '-f', @arguments ]
			: [ 'pg_restore', @to, @arguments ],
			"$name: @arguments[0 .. $#arguments - 1]");
	}
	is(difference(contents($database), $contents), '', "$name: every row, number and prediction");
	is(problems($node, $database), '', "$name: nothing is missing");
	is($node->safe_psql($database, q{SELECT version FROM sentiment_train('m', 'reviews', deploy => 'never')}), '6', "$name: versions go on");
	is( $node->safe_psql($database, q{SELECT count(*) > 0 FROM sentiment_check_drift('m', 'reviews'); SELECT count(DISTINCT report_id) = max(report_id) FROM sentiment.drift_report}),
		"t\nt", "$name: reports go on");
	$node->safe_psql('postgres', "DROP DATABASE $database");
}

$node->stop;
done_testing();
