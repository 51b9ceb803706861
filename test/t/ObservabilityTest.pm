# What the test of the observability shares: Prometheus with the rules of docker/ in fast motion, and questions to it.
package ObservabilityTest;

use strict;
use warnings;
use Exporter 'import';
use HTTP::Tiny;
use JSON::PP;
use POSIX ':sys_wait_h';
use Time::HiRes qw(sleep time);

our @EXPORT = qw(fast_rules start_program stop_program query rules alerts_firing alerts_known dashboard_expressions);

delete @ENV{qw(http_proxy HTTP_PROXY all_proxy ALL_PROXY)};
my $http = HTTP::Tiny->new(timeout => 20);

# Windows that the rules look back on, and how long they are in the test; at scrapes each second or two.
my %windows = ('5m' => '8s', '30m' => '10s', '1h' => '12s', '6h' => '14s', '3d' => '16s');

# Write the rules of a folder into another, as they are but for the windows and for how long an alert waits; the new
# files. A window that this does not know is an error.
sub fast_rules
{
	my ($from, $to) = @_;
	my @files;
	mkdir $to;
	for my $file (glob "$from/*.yml")
	{
		open my $in, '<', $file or die "$file: $!";
		my $text = join '', <$in>;
		$text =~ s/\[(\d+[smhd])\]/'[' . ($windows{$1} \/\/ die "$file: unknown window $1") . ']'/ge;
		$text =~ s/^(\s+for: )\S+$/${1}1s/mg;
		(my $copy = $file) =~ s{.*/}{$to/};
		open my $out, '>', $copy or die "$copy: $!";
		print $out $text;
		close $out;
		push @files, $copy;
	}
	die "no rules in $from" unless @files;
	return @files;
}

# Start a program with its output in a file; its process.
sub start_program
{
	my ($log, @command) = @_;
	my $pid = fork() // die "fork: $!";
	if ($pid == 0)
	{
		open STDOUT, '>>', $log or POSIX::_exit(127);
		open STDERR, '>&', \*STDOUT;
		exec { $command[0] } @command or POSIX::_exit(127);
	}
	return $pid;
}

sub stop_program
{
	my ($pid) = @_;
	kill 'TERM', $pid;
	my $until = time() + 10;
	while (time() < $until)
	{
		return if waitpid($pid, WNOHANG) == $pid;
		sleep 0.05;
	}
	kill 'KILL', $pid;
	waitpid $pid, 0;
}

# Ask Prometheus.
sub ask
{
	my ($url, $path, %form) = @_;
	my $response = $http->get("$url/api/v1/$path" . (%form ? '?' . $http->www_form_urlencode(\%form) : ''));
	my $answer = eval { decode_json($response->{content}) } // {};
	die "Prometheus: $path: " . ($answer->{error} // $response->{content}) . "\n" unless ($answer->{status} // '') eq 'success';
	return $answer->{data};
}

# The samples that an expression has now, without those that are no number.
sub query
{
	my ($url, $expression) = @_;
	return grep { $_->{value}[1] ne 'NaN' } @{ ask($url, 'query', query => $expression)->{result} };
}

# All rules, as Prometheus knows them.
sub rules
{
	my ($url) = @_;
	return map { @{ $_->{rules} } } @{ ask($url, 'rules')->{groups} };
}

# The alerts that fire: name => list of their annotations.
sub alerts_firing
{
	my ($url) = @_;
	my %firing;
	push @{ $firing{ $_->{labels}{alertname} } }, $_ for grep { $_->{state} eq 'firing' } @{ ask($url, 'alerts')->{alerts} };
	return %firing;
}

# The names of the alerts that Alertmanager has.
sub alerts_known
{
	my ($url) = @_;
	my $response = $http->get("$url/api/v2/alerts");
	return () unless $response->{success};
	return map { $_->{labels}{alertname} } @{ decode_json($response->{content}) };
}

# Every expression of a dashboard, with its variables filled in: [where it is, expression].
sub dashboard_expressions
{
	my ($file) = @_;
	open my $in, '<', $file or die "$file: $!";
	my $dashboard = decode_json(join '', <$in>);
	my @found;
	for my $panel (@{ $dashboard->{panels} })
	{
		push @found, [ $panel->{title}, $_->{expr} ] for @{ $panel->{targets} // [] };
	}
	push @found, map { [ "annotation $_->{name}", $_->{expr} ] } grep { $_->{expr} } @{ $dashboard->{annotations}{list} };
	for my $found (@found)
	{
		$found->[1] =~ s/\$__rate_interval/10s/g;
		$found->[1] =~ s/\$__range/1m/g;
		$found->[1] =~ s/\$\w+/.*/g;
	}
	return @found;
}

1;
