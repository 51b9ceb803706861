# pg_dump and restore into a fresh cluster: predictions to the last digit, history, privileges, numbers.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SentimentTest;
use Test::More;

my $node = start_node('source');
$node->safe_psql('postgres', reviews_sql('reviews', 600, 5));
$node->safe_psql('postgres', q{
	CREATE ROLE analyst;
	GRANT SELECT ON reviews TO analyst;
	SET ROLE analyst;
	SELECT sentiment_train('theirs', 'reviews');
	RESET ROLE;
	SELECT sentiment_train('m', 'reviews');
	SELECT sentiment_train('m', 'reviews', params => '{"C": 1}', deploy => 'always');
	SELECT sentiment_grant('m', 'analyst', 'predict');
	SELECT count(*) FROM sentiment_search('m', 'reviews', trials => 3, folds => 2, deploy => 'never', space => '{"min_df": [1, 2, 900]}');
	CREATE TABLE kept AS SELECT sentiment_get_model('m', 1) AS model;
	CREATE TABLE vocabularies AS SELECT sentiment_vocabulary_agg(text) AS vocabulary FROM reviews;
});
# who may dump: a superuser, or who may read everything past row security; others get an error, not a part
$node->safe_psql('postgres', q{
	CREATE ROLE backup LOGIN BYPASSRLS;
	GRANT pg_read_all_data TO backup;
	CREATE ROLE reader LOGIN;
	GRANT pg_read_all_data TO reader;
});
command_fails_like([ 'pg_dump', '-U', 'reader', '-d', $node->connstr('postgres'), '-f', '/dev/null' ],
	qr/query would be affected by row-level security policy/, 'dump by a role that may not see all');
my $before = predictions($node, 'm');
my $searches = q{SELECT s.*, t.trial, t.kind, t.params, t.metrics, t.folds, t.front, t.message FROM sentiment_searches AS s JOIN sentiment_search_trials AS t USING (search_id)};
my $searched = $node->safe_psql('postgres', $searches);
my $by_value = $node->safe_psql('postgres', q{SELECT sentiment_score(model, 'a good w17') FROM kept});

foreach my $format ('plain', 'custom')
{
	my $file = $node->data_dir . "/../dump.$format";
	my $target = PostgreSQL::Test::Cluster->new("target_$format");

	$target->init;
	$target->start;
	# the source table and the role stay behind
	command_ok([ 'pg_dump', '-U', $format eq 'plain' ? 'backup' : 'postgres', '-d', $node->connstr('postgres'), '--exclude-table=reviews', '--no-owner', '--no-privileges',
			"--format=$format", "--file=$file" ], "dump, $format");
	if ($format eq 'plain')
	{
		command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $target->connstr('postgres'), '-f', $file ], 'restore');
	}
	else
	{
		command_ok([ 'pg_restore', '--exit-on-error', '--no-owner', '-d', $target->connstr('postgres'), $file ], 'restore');
	}
	is(predictions($target, 'm'), $before, 'the same predictions, to the last digit');
	is($target->safe_psql('postgres', q{SELECT sentiment_score(model, 'a good w17') FROM kept}), $by_value, 'by value too');
	is($target->safe_psql('postgres', 'SELECT model, deployed_version FROM sentiment_models ORDER BY model'),
		"m|2\ntheirs|1", 'deployments');
	is($target->safe_psql('postgres', 'SELECT count(*) FROM sentiment_deployments'), '3', 'history');
	is($target->safe_psql('postgres', $searches), $searched, 'searches with their trials');
	is($target->safe_psql('postgres', 'SELECT grantee, privilege FROM sentiment_privileges'), 'analyst|predict', 'privileges');
	is($target->safe_psql('postgres', q{SELECT owner FROM sentiment_models WHERE model = 'theirs'}),
		'analyst', 'the owner who is not there');
	# in another cluster the name decides, whatever the number
	is($target->safe_psql('postgres', q{
			CREATE ROLE other;
			CREATE ROLE analyst;
			SET ROLE analyst;
			SELECT model, sentiment_predict('a good w17', model) IS NOT NULL FROM sentiment_models ORDER BY model;
			SELECT sentiment_deploy('theirs', 1);
			SELECT model FROM sentiment_classify('a good w17');
			SET ROLE other;
			SELECT count(*) FROM sentiment_models}),
		"m|t\ntheirs|t\n\ntheirs\n0", 'roles by name');
	is($target->safe_psql('postgres', q{
			SELECT sentiment_set_owner('theirs', 'analyst');
			DROP ROLE analyst;
			CREATE ROLE analyst;
			SET ROLE analyst;
			SELECT model FROM sentiment_models}),
		"\nm", 'what was written here, by number');
	$target->safe_psql('postgres', reviews_sql('reviews', 600, 5));
	is($target->safe_psql('postgres', q{SELECT version, deployed FROM sentiment_train('m', 'reviews', deploy => 'always')}),
		'4|t', 'numbers of versions go on');
	is($target->safe_psql('postgres', q{SELECT min(search_id) FROM sentiment_search('m', 'reviews', trials => 2, folds => 2)}), '2', 'numbers of searches go on');
	is($target->safe_psql('postgres', q{SELECT version FROM sentiment_train('new', 'reviews')}), '1', 'numbers of models go on');
	is($target->safe_psql('postgres', 'SELECT count(DISTINCT model_id) FROM sentiment.model'), '3', 'no number is given twice');
	is(problems($target), '', 'all rows fit together');
	$target->stop;
}

$node->stop;
done_testing();
