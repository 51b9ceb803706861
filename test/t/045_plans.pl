# The plans of the library's own queries: their parameters are images of models and errors that quote rows, and a client can have
# plans shown to it.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('plans');
$node->init;
$node->append_conf('postgresql.conf', 'fsync = off');
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION sentiment;
	CREATE ROLE team LOGIN;
	CREATE ROLE trainer LOGIN;
	CREATE ROLE asker LOGIN;
	GRANT CREATE ON SCHEMA public TO team;
	SET ROLE team;
	SET client_min_messages = warning;
	CREATE TABLE reviews AS SELECT i AS id, CASE WHEN i % 2 = 0 THEN 'good ' ELSE 'bad ' END || i % 97 AS text,
		CASE WHEN i % 2 = 0 THEN 'pos' ELSE 'neg' END AS label, i::text AS code FROM generate_series(1, 400) AS i;
	SELECT sentiment_train('food', 'reviews');
	SELECT sentiment_set_contract('food', '{"max_text_length": 3, "severity": {"text_too_long": "warning"}}');
	SELECT sentiment_grant('food', 'trainer', 'train'), sentiment_grant('food', 'asker', 'predict');
	CREATE VIEW coded AS SELECT id, text, label FROM reviews WHERE code::int4 > 0;
	CREATE TABLE open_to_all AS SELECT text, label FROM reviews;
	GRANT SELECT ON open_to_all TO PUBLIC});

# The numbers of some bytes, as a plan shows a constant.
sub numbers { return join ' ', map { ord } split //, $_[0] }

# What a role is shown that wants to see everything.
sub shown
{
	my ($role, $query) = @_;
	my ($out, $err) = ('', '');
	$node->psql('postgres', "SET client_min_messages = log; SET debug_print_parse = on; SET debug_print_rewritten = on; SET debug_print_plan = on;
		SET debug_pretty_print = off; SET plan_cache_mode = force_custom_plan; SET client_min_messages = debug1; $query",
		stdout => \$out, stderr => \$err, extra_params => [ '-U', $role ]);
	return $err =~ s/\s+/ /gr;
}

foreach my $case (
	[ trainer => q{SELECT status FROM sentiment_retrain('food')} ],
	[ trainer => q{SELECT count(*) FROM sentiment_validate('food', store => true)} ],
	[ trainer => q{SELECT count(*) FROM sentiment_run_pipeline('food', kinds => '{logistic_regression}')} ],
	[ trainer => q{SELECT count(*) FROM sentiment_check_gate('food', 1)} ],
	[ trainer => q{SELECT count(*) FROM sentiment_check_drift('food', 'open_to_all')} ],
	[ asker => q{SELECT count(*) FROM sentiment_check_drift('food', 'open_to_all', store => false)} ],
	[ asker => q{SELECT count(*) FROM sentiment_validate('food', 'open_to_all')} ])
{
	my ($role, $query) = @$case;
	my $shown = shown($role, $query);
	like($shown, qr/LOG: plan:/, "$role sees the plan of his own query: $query");
	unlike($shown, qr/\Q@{[ numbers('SENTIMG') ]}\E/, 'and no image of a model');
	unlike($shown, qr/\Q@{[ numbers('DPRF') ]}\E|\Q@{[ numbers(reverse 'DPRF') ]}\E/, 'nor a reference of drift');
	unlike($shown, qr/sentiment\.(label_evidence|drift_profile|validation)|retraining_error/, 'nor a query of the library');
}

# an error that quotes a row is kept, for others
$node->safe_psql('postgres', q{
	SET ROLE team;
	SELECT sentiment_set_source('food', 'coded');
	INSERT INTO reviews VALUES (1000, 'x', 'pos', 'TOP-SECRET')});
foreach my $query (q{SELECT status FROM sentiment_retrain('food')}, q{SELECT count(*) FROM sentiment_run_pipeline('food', kinds => '{logistic_regression}')},
	q{SELECT sentiment_run_task('food', 'retrain')}, q{SELECT sentiment_promote('food', 1, force => true)})
{
	my $shown = shown(trainer => $query);
	unlike($shown, qr/TOP-SECRET|\Q@{[ numbers('TOP-SECRET') ]}\E/, "nothing of the row is shown: $query");
}
like($node->safe_psql('postgres', q{SELECT string_agg(message, ' ') FROM sentiment.retraining_error}), qr/TOP-SECRET/, 'the error is kept as a whole');
done_testing();
