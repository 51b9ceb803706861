# Models survive restarts and crashes; a training that is killed leaves nothing behind.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SentimentTest;
use Test::More;

my $node = start_node('restart');
$node->append_conf('postgresql.conf', 'restart_after_crash = on');
$node->safe_psql('postgres', reviews_sql('reviews', 600, 5));
$node->safe_psql('postgres', q{SELECT sentiment_train('m', 'reviews')});
my $before = predictions($node, 'm');
like($before, qr/pos/, 'the model predicts');

$node->restart;
is(predictions($node, 'm'), $before, 'the same after a restart');
$node->stop('immediate');
$node->start;
is(predictions($node, 'm'), $before, 'the same after a crash');

# kill -9 of a backend in the middle of a training
$node->safe_psql('postgres', reviews_sql('large', 20000, 120));
my ($stdin, $stdout, $stderr) = ('', '', '');
my $session = IPC::Run::start(
	[ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-f', '-' ],
	'<', \$stdin, '>', \$stdout, '2>', \$stderr, IPC::Run::timeout(120));
$stdin .= "SELECT pg_backend_pid();\n";
pump $session until $stdout =~ /(\d+)\n/;
my ($pid) = $stdout =~ /(\d+)/;
$stdin .= "SELECT sentiment_train('m', 'large', params => '{\"tol\": 1e-12, \"max_iter\": 100000}', deploy => 'always');\n";
pump_nb $session;
select(undef, undef, undef, 0.5);
ok(kill_backend($node, $pid), 'the server recovers');
$session->kill_kill;
is($node->safe_psql('postgres', 'SELECT count(*) FROM sentiment.model_version'), '1', 'nothing is half-written');
is(predictions($node, 'm'), $before, 'the same after a killed training');
is($node->safe_psql('postgres', q{SELECT deployed FROM sentiment_train('m', 'reviews', deploy => 'always')}),
	't', 'the next training works');
is($node->safe_psql('postgres', 'SELECT count(*) FROM sentiment_deployments'), '2', 'the history is whole');
is(problems($node), '', 'and all rows fit together');

$node->stop;
done_testing();
