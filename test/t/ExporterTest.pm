# What the tests of the exporter share: a process on a free port of loopback, and HTTP by hand.
package ExporterTest;

use strict;
use warnings;
use Exporter 'import';
use Fcntl qw(:flock);
use HTTP::Tiny;
use IO::Socket::INET;
use JSON::PP;
use POSIX ':sys_wait_h';
use Time::HiRes qw(sleep time);

our @EXPORT = qw(start_exporter exporter_log exporter_url stop_exporter wait_until get post raw raw_open raw_read resident json);

# Start the exporter; a hash of its process, log and port.
sub start_exporter
{
	my ($name, $connection, @options) = @_;
	my $log = "$ENV{TESTLOGDIR}/$name.log";
	mkdir $ENV{TESTLOGDIR};
	my $pid = fork() // die "fork: $!";
	if ($pid == 0)
	{
		open STDERR, '>', $log or die;
		open STDOUT, '>&', \*STDERR or die;
		exec $ENV{SENTIMENT_EXPORTER}, '--listen', '127.0.0.1:0', '--database', $connection, @options or die;
	}
	my $self = { pid => $pid, log => $log };
	wait_until("$name listens", sub {
		return 1 if waitpid($pid, WNOHANG) != 0;
		return exporter_log($self) =~ m{listens at (https?)://127\.0\.0\.1:(\d+)} ? ($self->{scheme} = $1, $self->{port} = $2) : 0;
	});
	die exporter_log($self) unless $self->{port};
	return $self;
}

sub exporter_log
{
	my ($self) = @_;
	open my $file, '<', $self->{log} or return '';
	local $/;
	return <$file> // '';
}

sub exporter_url { my ($self, $path) = @_; return "$self->{scheme}://127.0.0.1:$self->{port}$path"; }

# End it; the exit status.
sub stop_exporter
{
	my ($self) = @_;
	kill 'TERM', $self->{pid};
	my $ended = 0;
	my $until = time() + 30;
	while (time() < $until)
	{
		return $? if waitpid($self->{pid}, WNOHANG) == $self->{pid};
		sleep 0.02;
	}
	kill 'KILL', $self->{pid};
	waitpid $self->{pid}, 0;
	return -1;
}

# Wait until something is true, half a minute at most.
sub wait_until
{
	my ($what, $condition) = @_;
	my $until = time() + 30;
	while (time() < $until)
	{
		my $value = $condition->();
		return $value if $value;
		sleep 0.05;
	}
	die "waited too long: $what";
}

my $http = HTTP::Tiny->new(timeout => 30, keep_alive => 0);

sub get
{
	my ($self, $path, %headers) = @_;
	return $http->request('GET', exporter_url($self, $path), { headers => \%headers });
}

# POST; the body is JSON, or bytes.
sub post
{
	my ($self, $path, $body, %headers) = @_;
	return $http->request('POST', exporter_url($self, $path),
		{ headers => { 'Content-Type' => 'application/json', %headers }, content => ref($body) ? encode_json($body) : $body });
}

sub json { my ($response) = @_; return eval { decode_json(ref($response) ? $response->{content} : $response) } // {}; }

sub raw_open
{
	my ($self) = @_;
	return IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port}, Timeout => 10) // die "connect: $!";
}

# Read until the end of the connection or a pattern, so many seconds at most.
sub raw_read
{
	my ($socket, $seconds, $pattern) = @_;
	my $got = '';
	my $until = time() + $seconds;
	while (time() < $until && !(defined $pattern && $got =~ $pattern))
	{
		my $bits = '';
		vec($bits, fileno($socket), 1) = 1;
		next unless select($bits, undef, undef, 0.1);
		my $n = sysread($socket, $got, 65536, length $got);
		return ($got, 1) unless $n;
	}
	return ($got, 0);
}

# Send bytes, and read the whole answer.
sub raw
{
	my ($self, $bytes, $seconds) = @_;
	my $socket = raw_open($self);
	local $SIG{PIPE} = 'IGNORE';
	syswrite($socket, $bytes);
	my ($got) = raw_read($socket, $seconds // 10);
	return $got;
}

# Resident memory in kilobytes.
sub resident
{
	my ($self) = @_;
	open my $file, '<', "/proc/$self->{pid}/status" or return 0;
	my ($size) = map { /^VmRSS:\s+(\d+)/ ? $1 : () } <$file>;
	return $size;
}

1;
