# Searches that run: what others see of them, and that nothing is left of those that end badly.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SentimentTest;
use Test::More;
use Time::HiRes qw(sleep);

my $node = PostgreSQL::Test::Cluster->new('search');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nshared_preload_libraries = 'sentiment'\nrestart_after_crash = on\n");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION sentiment');
$node->safe_psql('postgres', reviews_sql('reviews', 3000, 20));
$node->safe_psql('postgres', q{
	CREATE ROLE searcher LOGIN;
	CREATE ROLE other LOGIN;
	GRANT SELECT ON reviews TO searcher;
	CREATE DATABASE elsewhere});
$node->safe_psql('elsewhere', 'CREATE EXTENSION sentiment');

my $search = q{SELECT count(*) FROM sentiment_search('m', 'reviews', trials => 10000, folds => 3)};

# Begin a search in a session of its own, and wait until it has a best trial.
sub begin_search
{
	my ($statement) = @_;
	my ($out, $err) = ('', '');
	my $session = IPC::Run::start([ 'psql', '-XAtq', '-U', 'searcher', '-d', $node->connstr('postgres'),
			'-c', 'SET client_min_messages = error', '-c', $statement ],
		'<', '/dev/null', '>', \$out, '2>', \$err, IPC::Run::timeout(120));

	ok($node->poll_query_until('postgres', 'SELECT count(*) = 1 FROM sentiment_search_progress WHERE best_trial IS NOT NULL AND trial > 3'),
		'the search tells of itself');
	return ($session, \$err);
}

# Wait for the end of a session, whatever it is.
sub end_session
{
	my ($session) = @_;
	eval { $session->finish };
}

is($node->safe_psql('postgres', 'SELECT count(*) FROM sentiment_search_progress'), '0', 'no search, no progress');
my ($session, $err) = begin_search($search);
is($node->safe_psql('postgres', q{SELECT model, kind, trials, folds, trial <= trials AND fold <= folds, complete + pruned + failed >= 3,
		objective, best_value BETWEEN 0.5 AND 1, best_trial <= trial, started_at <= now(), pid <> pg_backend_pid()
	FROM sentiment_search_progress}),
	'm|logistic_regression|10000|3|t|t|macro_f1|t|t|t|t', 'how far it is');
my $trial = $node->safe_psql('postgres', 'SELECT trial FROM sentiment_search_progress');
ok($node->poll_query_until('postgres', "SELECT trial > $trial FROM sentiment_search_progress"), 'it goes on');
is($node->safe_psql('postgres', 'SELECT count(*) FROM sentiment_searches'), '0', 'its rows are not there yet');
is($node->safe_psql('postgres', q{SELECT name, value > 0 FROM sentiment_metrics() WHERE name LIKE 'sentiment_search_running%' ORDER BY name COLLATE "C"}),
	"sentiment_search_running_best_value|t\nsentiment_search_running_trials|t\nsentiment_search_running_trials_done|t", 'as metrics, too');
is($node->safe_psql('postgres', 'SELECT count(*) FROM sentiment_search_progress', extra_params => [ '-U', 'other' ]), '0', 'nobody else sees it');
is($node->safe_psql('postgres', 'SELECT count(*) FROM sentiment_search_progress', extra_params => [ '-U', 'searcher' ]), '1', 'but who runs it');
is($node->safe_psql('elsewhere', 'SELECT count(*) FROM sentiment_search_progress'), '0', 'nor another database');

# a cancel
$node->safe_psql('postgres', 'SELECT pg_cancel_backend(pid) FROM sentiment_search_progress');
end_session($session);
like($$err, qr/canceling statement due to user request/, 'it can be cancelled');
is($node->safe_psql('postgres', 'SELECT (SELECT count(*) FROM sentiment_search_progress), (SELECT count(*) FROM sentiment_searches), (SELECT count(*) FROM sentiment_models)'),
	'0|0|0', 'nothing is left of it');

# an error within a block that catches it
$node->psql('postgres', q{
	SET statement_timeout = '700ms';
	SELECT count(*) FROM sentiment_search('m', 'reviews', trials => 10000, folds => 3)});
is($node->safe_psql('postgres', q{
	CREATE FUNCTION pg_temp.try() RETURNS bigint LANGUAGE plpgsql AS $$
	BEGIN
		PERFORM sentiment_search('m', 'reviews', trials => 2, folds => 3, params => '{"min_df": 3000}');
	EXCEPTION WHEN data_exception THEN
		RETURN (SELECT count(*) FROM sentiment_search_progress);
	END $$;
	SELECT pg_temp.try()}), '0', 'an error that is caught ends it');

# a kill: the server begins anew, and so do searches
($session, $err) = begin_search($search);
my $pid = $node->safe_psql('postgres', 'SELECT pid FROM sentiment_search_progress');
ok(kill_backend($node, $pid), 'the server is there again');
end_session($session);
is($node->safe_psql('postgres', 'SELECT (SELECT count(*) FROM sentiment_search_progress), (SELECT count(*) FROM sentiment_searches)'), '0|0',
	'nothing is left of what was killed');
is($node->safe_psql('postgres', q{SELECT count(version) FROM sentiment_search('m', 'reviews', trials => 5, folds => 3)}), '1', 'the next search works');

# metrics of searches that are done
is($node->safe_psql('postgres', q{SELECT name, labels->>'model', labels->>'state', value FROM sentiment_metrics()
		WHERE name IN ('sentiment_searches_total', 'sentiment_search_trials_total') ORDER BY name COLLATE "C", labels::text COLLATE "C"}),
	$node->safe_psql('postgres', q{
		SELECT 'sentiment_search_trials_total', 'm', state, count(*) FROM sentiment_search_trials GROUP BY state ORDER BY state COLLATE "C"})
	. "\nsentiment_searches_total|m||1", 'metrics');
is($node->safe_psql('postgres', q{SELECT labels->>'objective', value = (SELECT best_value FROM sentiment_searches) FROM sentiment_metrics()
	WHERE name = 'sentiment_search_best_value'}), 'macro_f1|t', 'the best value');

# two at once for one model: each makes a version
my @sessions = map { IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c',
		"SET client_min_messages = error; SELECT count(*) FROM sentiment_search('m', 'reviews', trials => 5, folds => 3, seed => $_)" ],
		'>', '/dev/null', IPC::Run::timeout(120)) } 1 .. 2;
ok((grep { $_->finish } @sessions) == 2, 'two searches side by side');
is($node->safe_psql('postgres', q{SELECT count(*), count(DISTINCT version) FROM sentiment_searches WHERE version > 1}), '2|2', 'each has a version');

$node->stop;
done_testing();
