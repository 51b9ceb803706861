# A version that was not measured, for want of held-out rows: log, events, views, metrics and card say so, and none of them
# says that a figure is not a number.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('unmeasured');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nshared_preload_libraries = 'sentiment'\n");
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION sentiment;
CREATE TABLE reviews AS SELECT 'w' || i % 7 || CASE WHEN i % 2 = 0 THEN ' good' ELSE ' bad' END || ' x' || i AS text,
	CASE WHEN i % 2 = 0 THEN 'pos' ELSE 'neg' END AS label FROM generate_series(1, 80) AS i;
-- with none, then beside one that has none, then all held-out rows of one label
SELECT sentiment_train('m', 'reviews', params => '{"holdout": 0}');
SELECT sentiment_train('m', 'reviews', params => '{"holdout": 0}', deploy => 'if_better');
SELECT sentiment_train('m', 'reviews', deploy => 'if_better');
SELECT sentiment_search('s', 'reviews', params => '{"holdout": 0}', trials => 2, folds => 2);
SQL

my $log = slurp_file($node->logfile);
like($log, qr/trained version 1 of model "m" .* 80 rows, \d+ features, not measured for want of held-out rows, deployed/, 'the log says so');
like($log, qr/trained version 3 of model "m" .* F1 [0-9.]+ on \d+ held-out rows, not deployed/, 'and has the figure where there is one');
unlike($log, qr/\bnan\b/i, 'no figure of the log is NaN');

for my $query (
	'SELECT * FROM sentiment_model_versions', 'SELECT * FROM sentiment_models', 'SELECT * FROM sentiment_deployments',
	'SELECT * FROM sentiment_searches', 'SELECT * FROM sentiment_search_trials', 'SELECT * FROM sentiment_metrics()',
	"SELECT sentiment_model_card('m', 1)", "SELECT sentiment_model_card('s')", 'SELECT * FROM sentiment_model_curves')
{
	my ($status, $out, $err) = $node->psql('postgres', $query);
	is($status, 0, $query) or diag($err);
	unlike($out, qr/\bnan\b/i, "no NaN in: $query");
}

my ($stdout, $stderr);
$node->psql('postgres', "LISTEN sentiment; SELECT 1 FROM sentiment_train('m', 'reviews', params => '{\"holdout\": 0}', deploy => 'never');",
	stdout => \$stdout, stderr => \$stderr);
unlike("$stdout$stderr", qr/\bnan\b/i, 'nor in what is told and notified');

$node->stop;
done_testing();
