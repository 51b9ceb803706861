# Where the system has no more memory (ulimit -v): a training succeeds, or ends as out_of_memory with a hint. It
# never waits for memory: a timeout, a cancel and a fast shutdown work, and the session trains again afterwards.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SentimentTest;
use Test::More;
use Time::HiRes qw(time sleep);

plan skip_all => 'prlimit is not there' if system('prlimit --version >/dev/null 2>&1') != 0;

# Longer than a training takes on a slow machine: a hang.
my $patience = 120;

my $node = PostgreSQL::Test::Cluster->new('memory');
$node->init;
# a compiler that lacks memory ends the session by itself
$node->append_conf('postgresql.conf', "fsync = off\njit = off\nsentiment.training_threads = 3\nshared_buffers = 16MB\n");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION sentiment');
$node->safe_psql('postgres', reviews_sql('reviews', 500, 40));
$node->safe_psql('postgres', reviews_sql('large', 6000, 60));

# what calls OpenBLAS, with one thread and with more
my %trainings = (
	'mlp' => q{kind => 'mlp', params => '{"max_iter": 3}'},
	'mlp and SVD' => q{kind => 'mlp', params => '{"max_iter": 3, "svd_components": 40, "hidden_layer_sizes": [256, 128]}'},
	'logistic regression and SVD' => q{params => '{"svd_components": 60, "stemmer": "english"}'},
	'trees and SVD' => q{kind => 'random_forest', params => '{"svd_components": 20, "n_estimators": 10}'},
	'boosting and SVD' => q{kind => 'hist_gradient_boosting', params => '{"svd_components": 20, "max_iter": 10}'});

# A session that learns its own process, so that the limit of its address space can be set within it.
my $prepare = q{
	\set ON_ERROR_STOP 0
	SET client_min_messages = error;
	LOAD 'sentiment';
	SELECT pg_backend_pid() AS pid \gset
	\setenv BACKEND :pid
	\! echo "pid $BACKEND"
};

# Run a script in a session; its output and its errors. A session that hangs is killed.
sub run_script
{
	my ($script) = @_;
	my ($out, $err, $timed_out) = ('', '', 0);

	$node->psql('postgres', $prepare . $script, stdout => \$out, stderr => \$err, on_error_stop => 0,
		timeout => $patience, timed_out => \$timed_out);
	if ($timed_out)
	{
		kill_backend($node, $1) if ($out // '') =~ /^pid (\d+)/m;
	}
	return ($out // '', $err // '', $timed_out);
}

# SQL that limits the session's address space to what it has and some MB more; undef: to nothing.
sub limit
{
	my ($more) = @_;

	return q{\! prlimit --pid "$BACKEND" --as=unlimited:} . "\n" unless defined $more;
	return q{\! prlimit --pid "$BACKEND" --as=$(( $(cut -d' ' -f1 "/proc/$BACKEND/statm") * $(getconf PAGESIZE) + }
		. $more . q{ * 1048576 )):} . "\n";
}

# Whether a statement succeeded, or was refused as it should be; 'refused' or 'trained' then.
sub outcome
{
	my ($out, $err) = @_;

	return 'trained' if $out =~ /^done 00000$/m && $out =~ /^version \d+$/m;
	return "SQLSTATE $1: $err" if $out !~ /^done 53200$/m && $out =~ /^done (.*)$/m;
	return "nothing: $err" if $out !~ /^done 53200$/m;
	# the server's own allocations give no hint
	return 'refused' if $err =~ /^HINT:/m || $err =~ /Failed on request of size \d+ in memory context/;
	return "no hint: $err";
}

# ---- a session under limits of its own, then without
my %seen;
foreach my $name (sort keys %trainings)
{
	my $train = "SELECT 'version ' || version FROM sentiment_train('m', 'reviews', $trainings{$name})";

	foreach my $more (1, 20, 45, 70, 120, 180, 250, 330, 460, 700)
	{
		my ($out, $err, $timed_out) = run_script(limit($more) . "$train;\n\\echo done :SQLSTATE\n" . limit(undef)
			. "SELECT 'then ' || version FROM sentiment_train('m', 'reviews', $trainings{$name});\n");
		my $outcome = $timed_out ? 'hangs' : outcome($out, $err);

		like($outcome, qr/^(trained|refused)$/, "$name, $more MB: trained, or refused with a hint");
		like($out, qr/^then \d+$/m, "$name, $more MB: trains without the limit");
		$seen{$outcome}++;
	}
}
cmp_ok($seen{trained} // 0, '>=', 5, 'some were trained');
cmp_ok($seen{refused} // 0, '>=', 15, 'some were refused');

# ---- what OpenBLAS says
{
	my ($out, $err) = run_script(limit(110) . "SELECT 'version ' || version FROM sentiment_train('m', 'reviews', $trainings{mlp});\n"
		. "\\echo done :SQLSTATE\n");

	is(outcome($out, $err), 'refused', 'no room for a buffer of OpenBLAS');
	like($err, qr/ERROR:  out of memory for OpenBLAS/, 'it is named');
	like($err, qr/HINT:  Lower sentiment.training_threads/, 'with a hint');
}

# ---- room for one buffer: more threads are refused, the hint helps
{
	my $big = q{'m', 'reviews', kind => 'mlp', params => '{"max_iter": 2, "svd_components": 40, "hidden_layer_sizes": [512, 256]}'};
	my ($out, $err) = run_script("SET sentiment.training_threads = 1;\nSELECT 'version ' || version FROM sentiment_train($big);\n"
		. limit(150) . "SET sentiment.training_threads = 12;\n"
		. "SELECT 'version ' || version FROM sentiment_train($big);\n\\echo more :SQLSTATE\n"
		. "SET sentiment.training_threads = 1;\nSELECT 'version ' || version FROM sentiment_train($big);\n\\echo done :SQLSTATE\n");

	like($out, qr/^more 53200$/m, 'a buffer for each thread is refused');
	is(outcome($out, $err), 'trained', 'one thread has its buffer');
}

# ---- the whole server under a limit
my $backend_size = $node->safe_psql('postgres', q{
	LOAD 'sentiment';
	SELECT (regexp_match(pg_read_file('/proc/self/status'), 'VmSize:\s+(\d+)'))[1]::int / 1024});
$node->stop;

# Start the server with an address space for each process of so many MB.
sub start_limited
{
	my ($size) = @_;
	my $bytes = $size * 1048576;

	system("prlimit --pid $$ --as=$bytes:") == 0 or die 'prlimit failed';
	my $started = eval { $node->start; 1 };
	my $error = $@;
	system("prlimit --pid $$ --as=unlimited:") == 0 or die 'prlimit failed';
	die $error unless $started;
	return;
}

foreach my $more (30, 90, 200, 400)
{
	start_limited($backend_size + $more);
	foreach my $name (sort keys %trainings)
	{
		my ($out, $err, $timed_out) = run_script(
			"SELECT 'version ' || version FROM sentiment_train('m', 'reviews', $trainings{$name});\n\\echo done :SQLSTATE\n"
			. "SELECT 'alive';\n");

		like($timed_out ? 'hangs' : outcome($out, $err), qr/^(trained|refused)$/, "server with $more MB, $name: trained, or refused with a hint");
		like($out, qr/^alive$/m, "server with $more MB, $name: the session goes on");
	}
	# a search and its trials
	my ($out, $err, $timed_out) = run_script(q{SELECT 'version ' || max(version) FROM sentiment_search('s', 'reviews', kinds => '{mlp}', trials => 2, folds => 2,
		space => '{"max_iter": [2]}'); \echo done :SQLSTATE} . "\n");
	like($timed_out ? 'hangs' : outcome($out, $err), qr/^(trained|refused)$/, "server with $more MB: a search ends, too");

	# interrupts arrive
	my $long = q{SELECT 'version ' || version FROM sentiment_train('m', 'large', kind => 'mlp',
		params => '{"svd_components": 200, "max_iter": 5000, "early_stopping": false, "hidden_layer_sizes": [256]}')};
	($out, $err, $timed_out) = run_script("SET statement_timeout = '500ms';\n$long;\n\\echo done :SQLSTATE\n");
	like($timed_out ? 'hangs' : $out, qr/^done (57014|53200)$/m, "server with $more MB: the timeout of a statement");

	my $session = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', 'SET client_min_messages = error', '-c', $long ],
		'>', \my $session_out, '2>', \my $session_err);
	sleep 1;
	$node->safe_psql('postgres', q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%version%large%' AND pid <> pg_backend_pid()});
	my $ended = eval { local $SIG{ALRM} = sub { die "hangs\n" }; alarm $patience; $session->finish; alarm 0; 1 };
	$session->kill_kill unless $ended;
	like($session_err, qr/canceling statement due to user request|out of memory|more memory/, "server with $more MB: a cancel");

	$session = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', 'SET client_min_messages = error', '-c', $long ],
		'>', \$session_out, '2>', \$session_err);
	sleep 1;
	my $start = time;
	my $status = system('pg_ctl', '-D', $node->data_dir, '-m', 'fast', '-w', '-t', $patience / 2, '-s', 'stop');
	is($status, 0, sprintf('server with %d MB: a fast shutdown, in %.1f s', $more, time - $start));
	if ($status != 0)
	{
		system('pg_ctl', '-D', $node->data_dir, '-m', 'immediate', '-w', '-s', 'stop');
	}
	$session->finish;
	$node->_update_pid(0);
}

# ---- and as before without it
$node->start;
like($node->safe_psql('postgres', "SELECT 'version ' || version FROM sentiment_train('m', 'reviews', $trainings{'mlp and SVD'})"),
	qr/^version \d+$/, 'without a limit');
$node->stop;
done_testing();
