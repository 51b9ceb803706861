# Every kind of classifier: the same predictions on a standby and after dump and restore; a cancel or a
# timeout ends every phase of training; threads are gone afterwards.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SentimentTest;
use Test::More;
use Time::HiRes qw(time);

my $primary = start_node('primary');
my @kinds = split /\n/, $primary->safe_psql('postgres', 'SELECT DISTINCT kind FROM sentiment_model_kinds ORDER BY kind');
cmp_ok(scalar(@kinds), '>=', 4, 'kinds');

# numbers beside the text, SVD, calibration: all that an image may hold
$primary->safe_psql('postgres', reviews_sql('reviews', 600, 5));
$primary->safe_psql('postgres', 'CREATE VIEW numbered AS SELECT text, label, id % 10 AS number FROM reviews');
foreach my $kind (@kinds)
{
	$primary->safe_psql('postgres', qq{SELECT sentiment_train('$kind', 'numbered', kind => '$kind', numeric_columns => '{number}',
		params => '{"svd_components": 10, "text_features": true, "calibration": "isotonic", "threshold": "f1"}')});
}
my %before = map { $_ => predictions($primary, $_) } @kinds;

$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
is(predictions($standby, $_), $before{$_}, "$_: the same predictions on a standby") foreach @kinds;
$standby->stop;

my $file = $primary->data_dir . '/../kinds.dump';
my $target = PostgreSQL::Test::Cluster->new('target');
$target->init;
$target->start;
command_ok([ 'pg_dump', '-d', $primary->connstr('postgres'), "--file=$file" ], 'dump');
command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $target->connstr('postgres'), '-f', $file ], 'restore');
is(predictions($target, $_), $before{$_}, "$_: the same predictions after a restore") foreach @kinds;
$target->stop;

# cancels: how long after the timeout the statement ends, in milliseconds; undef if it was done before
$primary->safe_psql('postgres', reviews_sql('large', 6000, 60));
sub delay_of
{
	my ($kind, $params, $timeout) = @_;
	my $start = time;
	my ($result, $out, $err) = $primary->psql('postgres', qq{
		SET client_min_messages = error; SET statement_timeout = '${timeout}ms';
		SELECT sentiment_train('large_$kind', 'large', kind => '$kind', params => '$params')});
	my $taken = 1000 * (time - $start);

	return undef if $result == 0;
	like($err, qr/statement timeout/, "$kind: ended by the timeout of $timeout ms");
	return $taken - $timeout;
}

my $connecting = time;
$primary->safe_psql('postgres', 'SELECT 1') foreach 1 .. 5;
$connecting = 1000 * (time - $connecting) / 5;
my %params = (
	logistic_regression => '{"svd_components": 50, "text_features": true, "tol": 1e-9, "max_iter": 5000}',
	random_forest => '{"svd_components": 50, "n_estimators": 2000}',
	hist_gradient_boosting => '{"svd_components": 50, "max_iter": 3000}',
	mlp => '{"max_iter": 2000, "early_stopping": false, "hidden_layer_sizes": [256]}');
my @delays;
my $n_done = 0;
foreach my $kind (@kinds)
{
	foreach my $timeout (100, 200, 300, 400, 600, 900)
	{
		my $delay = delay_of($kind, $params{$kind} // '{}', $timeout);
		push @delays, $delay - $connecting if defined $delay;
		$n_done++ unless defined $delay;
	}
}
# the SVD alone, with many components
foreach my $timeout (200, 400, 600)
{
	my $delay = delay_of('logistic_regression', '{"svd_components": 400}', $timeout);
	push @delays, $delay - $connecting if defined $delay;
	$n_done++ unless defined $delay;
}
@delays = sort { $a <=> $b } @delays;
note('delays in ms: ' . join(' ', map { sprintf '%.0f', $_ } @delays));
cmp_ok(scalar(@delays), '>=', 15, 'most were ended midway');
cmp_ok($delays[$#delays], '<', 1000, 'within a second at worst');
cmp_ok($delays[ @delays / 2 ], '<', 100, 'within 100 ms mostly');

# a session whose training was cancelled has no thread left, and trains again
my $threads = $primary->safe_psql('postgres', q{
	SET client_min_messages = error;
	SET statement_timeout = '300ms';
	DO $$
	BEGIN
		PERFORM sentiment_train('large_random_forest', 'large', kind => 'random_forest', params => '{"svd_components": 20, "n_estimators": 5000}');
	EXCEPTION WHEN query_canceled THEN
		NULL;
	END $$;
	SET statement_timeout = 0;
	SELECT (regexp_match(pg_read_file('/proc/' || pg_backend_pid() || '/status'), 'Threads:\s+(\d+)'))[1]});
is($threads, '1', 'no thread is left');
is($primary->safe_psql('postgres', q{SELECT count(*) FROM sentiment.model_version JOIN sentiment.model USING (model_id) WHERE name LIKE 'large%'}),
	$n_done, 'nothing is stored of what was ended');

$primary->stop;
done_testing();
