# A cancel or a timeout ends a training or a long prediction at once, wherever it is.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SentimentTest;
use Test::More;
use Time::HiRes qw(time);

my $node = start_node('cancel');
$node->safe_psql('postgres', reviews_sql('large', 20000, 100));
$node->safe_psql('postgres', reviews_sql('small', 600, 5));
$node->safe_psql('postgres', q{SELECT sentiment_train('m', 'small')});

# What connecting takes, in milliseconds: not the training's business.
my $connecting = time;
$node->safe_psql('postgres', 'SELECT 1') foreach 1 .. 5;
$connecting = 1000 * (time - $connecting) / 5;

# How long after the timeout a statement ends, in milliseconds; undef if it was done before.
sub delay_of
{
	my ($statement, $timeout) = @_;
	my $start = time;
	my ($result, $out, $err) = $node->psql('postgres',
		"SET client_min_messages = error; SET statement_timeout = '${timeout}ms';\n$statement");
	my $taken = 1000 * (time - $start);

	return undef if $result == 0;
	like($err, qr/statement timeout/, "ended by the timeout of $timeout ms");
	return $taken - $timeout - $connecting;
}

my @delays;
foreach my $timeout (5, 20, 50, 100, 150, 200, 300, 400, 600, 800, 1000)
{
	my $delay = delay_of(q{SELECT sentiment_train('m', 'large', params => '{"tol": 1e-9, "max_iter": 2000}')}, $timeout);
	push @delays, $delay if defined $delay;
}
foreach my $timeout (20, 100, 200)
{
	my $delay = delay_of(q{SELECT sentiment_train('m', 'large', params => '{"penalty": "l1", "tol": 1e-6, "ngram_max": 3}')}, $timeout);
	push @delays, $delay if defined $delay;
}
foreach my $timeout (300, 600, 900, 1300)
{
	my $delay = delay_of(q{SELECT count(*) FROM sentiment_search('m', 'large', kinds => '{auto}', objectives => '{f1,bytes,latency}')}, $timeout);
	push @delays, $delay if defined $delay;
}
foreach my $timeout (50, 100)
{
	my $delay = delay_of(q{SELECT sum(length(sentiment_predict(repeat('lovely book ' || i, 3000000), 'm'))) FROM generate_series(1, 50) AS i}, $timeout);
	push @delays, $delay if defined $delay;
}
@delays = sort { $a <=> $b } @delays;
note("delays in ms: @delays");
cmp_ok(scalar(@delays), '>=', 8, 'most were ended midway');
cmp_ok($delays[$#delays], '<', 1000, 'within a second at worst');
cmp_ok($delays[ @delays / 2 ], '<', 100, 'within 100 ms mostly');
is($node->safe_psql('postgres', 'SELECT count(*) FROM sentiment.model_version'), '1', 'nothing is left of them');
is($node->safe_psql('postgres', 'SELECT count(*) FROM sentiment.search'), '0', 'nor of searches');
is($node->safe_psql('postgres', q{SELECT deployed FROM sentiment_train('m', 'small', deploy => 'always')}), 't', 'the next training works');

$node->stop;
done_testing();
