# Logical replication of the extension's tables: the subscriber answers as the publisher does, says what it may not do, and goes on
# when it takes over.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SentimentTest;
use Test::More;

my ($publisher, $subscriber) = map {
	my $node = PostgreSQL::Test::Cluster->new($_);
	$node->init(allows_streaming => 'logical');
	$node->append_conf('postgresql.conf', "fsync = off\nshared_preload_libraries = 'sentiment'\n");
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION sentiment');
	$node->safe_psql('postgres', reviews_sql('reviews', 300, 5));
	$node;
} qw(publisher subscriber);

# models before the subscription is made, and after it
$publisher->safe_psql('postgres', q{
	SELECT sentiment_train('m', 'reviews');
	SELECT sentiment_train('m', 'reviews', params => '{"C": 0.1}', deploy => 'never');
	SELECT count(*) FROM sentiment_check_drift('m', 'reviews');
	CREATE PUBLICATION models FOR TABLES IN SCHEMA sentiment});
my $source = $publisher->connstr . ' dbname=postgres';
$subscriber->safe_psql('postgres', "CREATE SUBSCRIPTION models CONNECTION '$source application_name=models' PUBLICATION models");
$subscriber->wait_for_subscription_sync($publisher, 'models');
is(predictions($subscriber, 'm'), predictions($publisher, 'm'), 'the same predictions');

$publisher->safe_psql('postgres', q{
	SELECT sentiment_promote('m', 2, force => true);
	SELECT sentiment_set_contract('m', '{"min_rows": 5}');
	SELECT sentiment_train('n', 'reviews');
	SELECT sentiment_train('dropped', 'reviews');
	SELECT sentiment_drop_model('dropped');
	SELECT sentiment_set_traffic('m', '{"1": 0.5, "2": 0.5}');
	SELECT sentiment_outcome('m', NULL, 'unit ' || i, true) FROM generate_series(1, 10) AS i;
	SELECT count(*) FROM sentiment_search('n', 'reviews', trials => 2, folds => 2)});
$publisher->wait_for_catchup('models');
is(predictions($subscriber, 'm'), predictions($publisher, 'm'), 'and after a promotion');
is($subscriber->safe_psql('postgres', q{SELECT string_agg(model, ' ' ORDER BY model) FROM sentiment_models}), 'm n', 'models come and go');
is($subscriber->safe_psql('postgres', q{SELECT version FROM sentiment_model_versions WHERE model = 'm' ORDER BY version}), "1\n2", 'views work');
is($subscriber->safe_psql('postgres', q{SELECT count(*) > 0 FROM sentiment_check_drift('m', 'reviews', store => false)}), 't', 'drift can be checked');

# ---- what a subscriber may not do, and it is said before any work
foreach my $call (q{sentiment_train('m', 'reviews')}, q{sentiment_train('another', 'reviews')}, q{sentiment_retrain('m')},
	q{sentiment_search('m', 'reviews', trials => 1)}, q{sentiment_deploy('m', 1)}, q{sentiment_drop_model('m')}, q{sentiment_outcome('m', 1, 'u', true)},
	q{sentiment_set_contract('m', NULL)}, q{sentiment_check_drift('m', 'reviews')}, q{sentiment_grant('m', 'public', 'predict')},
	q{sentiment_run_pipeline('m')}, q{sentiment_run_task('m', 'retrain')}, q{sentiment_after_failover()})
{
	my (undef, undef, $error) = $subscriber->psql('postgres', "\\set VERBOSITY verbose\nSELECT $call");

	like($error, qr/ERROR:  55000: cannot (?:execute|store) .* on a subscriber/, "$call is refused");
	unlike($error, qr/rows read/, 'before it starts to work');
}
is($subscriber->safe_psql('postgres', q{SELECT count(*) > 0 FROM sentiment_check_integrity() WHERE check_name = 'sequence_behind'}), 't', 'the sequences are behind');
is(problems($publisher), '', 'those of the publisher are not');

# ---- the subscriber takes over
$publisher->wait_for_catchup('models');
my $before = predictions($publisher, 'm');
$subscriber->safe_psql('postgres', 'ALTER SUBSCRIPTION models DISABLE; ALTER SUBSCRIPTION models SET (slot_name = NONE); DROP SUBSCRIPTION models');
my (undef, undef, $error) = $subscriber->psql('postgres', q{SELECT sentiment_train('of my own', 'reviews')});
like($error, qr/duplicate key.*\n(?:.*\n)*HINT:  If the rows were replicated from another server, run sentiment_after_failover\(\)/, 'a number that is taken');
$subscriber->safe_psql('postgres', 'CREATE ROLE stranger');
(undef, undef, $error) = $subscriber->psql('postgres', q{SET ROLE stranger; SELECT sentiment_after_failover()});
like($error, qr/permission denied for sentiment_after_failover/, 'a stranger does not set sequences');
is($subscriber->safe_psql('postgres', q{SELECT count(*), bool_and(next_number > 0) FROM sentiment_after_failover()}), '8|t', 'the sequences are set');
is(problems($subscriber), '', 'nothing is missing');
is($subscriber->safe_psql('postgres', q{SELECT version FROM sentiment_train('m', 'reviews', deploy => 'never')}), '3', 'versions go on');
is($subscriber->safe_psql('postgres', q{SELECT version FROM sentiment_train('of my own', 'reviews')}), '1', 'models go on');
is($subscriber->safe_psql('postgres', q{SELECT count(*) > 0 FROM sentiment_check_drift('m', 'reviews'); SELECT count(*) FROM sentiment_search('m', 'reviews', trials => 2, folds => 2)}), "t\n2", 'and the rest');
is($subscriber->safe_psql('postgres', q{SELECT next_number FROM sentiment_after_failover() WHERE sequence = 'model_model_id_seq'}),
	$subscriber->safe_psql('postgres', q{SELECT last_value + 1 FROM sentiment.model_model_id_seq}), 'once more changes nothing');
is(predictions($subscriber, 'm'), $before, 'the predictions are those that were replicated');

$_->stop foreach ($subscriber, $publisher);
done_testing();
