# On a standby: the same predictions, deployments after replay, no writing; after promotion, training.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SentimentTest;
use Test::More;

my $primary = start_node('primary');
$primary->safe_psql('postgres', reviews_sql('reviews', 600, 5));
$primary->safe_psql('postgres', q{
	SELECT sentiment_train('m', 'reviews');
	SELECT sentiment_train('m', 'reviews', params => '{"C": 0.1}', deploy => 'never')});
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
is(predictions($standby, 'm'), predictions($primary, 'm'), 'the same predictions');
is($standby->safe_psql('postgres', 'SELECT model, deployed_version FROM sentiment_models'), 'm|1', 'views work');

# a version by its number, with the rights and the stages of the primary as they are replayed
is($standby->safe_psql('postgres', q{SELECT version FROM sentiment_classify('x', 'm', version => 2)}), 2, 'a version by its number');
$primary->safe_psql('postgres', q{CREATE ROLE reader; SELECT sentiment_grant('m', 'reader', 'predict')});
my $ask = q{SET ROLE reader; SELECT version FROM sentiment_classify('x', 'm', version => 2)};
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
my ($asked, undef, $denied) = $standby->psql('postgres', $ask);
isnt($asked, 0, 'a candidate is not for everybody');
like($denied, qr/permission denied for version 2 of model "m"/, 'there too');
$primary->safe_psql('postgres', q{SELECT sentiment_promote('m', 2, 'staging')});
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
is($standby->safe_psql('postgres', $ask), 2, 'until it is in staging');

# an open session on the standby sees a deployment when it is replayed
my ($stdin, $stdout, $stderr) = ('', '', '');
my $session = IPC::Run::start(
	[ 'psql', '-XAtq', '-d', $standby->connstr('postgres'), '-f', '-' ],
	'<', \$stdin, '>', \$stdout, '2>', \$stderr, IPC::Run::timeout(60));
$stdin .= "SELECT 'first ' || version FROM sentiment_classify('x', 'm');\n";
pump $session until $stdout =~ /first \d/;
like($stdout, qr/first 1/, 'the version before');
$primary->safe_psql('postgres', q{SELECT sentiment_deploy('m', 2)});
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
$stdin .= "SELECT 'second ' || version FROM sentiment_classify('x', 'm');\n";
pump $session until $stdout =~ /second \d/;
like($stdout, qr/second 2/, 'the version after');
$stdin .= "\\q\n";
finish $session;

foreach my $command (q{sentiment_train('m', 'reviews')}, q{sentiment_search('m', 'reviews')}, q{sentiment_deploy('m', 1)}, q{sentiment_drop_model('m')},
	q{sentiment_grant('m', 'public', 'predict')})
{
	my ($result, $out, $err) = $standby->psql('postgres', "\\set VERBOSITY verbose\nSELECT $command");
	isnt($result, 0, "$command is refused");
	like($err, qr/25006/, 'as in a read-only transaction');
	unlike($err, qr/rows read/, 'before it starts to work');
}

$standby->promote;
is($standby->safe_psql('postgres', q{SELECT version, deployed FROM sentiment_train('m', 'reviews', deploy => 'always')}),
	'3|t', 'training works after promotion');

$standby->stop;
$primary->stop;
done_testing();
