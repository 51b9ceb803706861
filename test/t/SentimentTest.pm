# What the TAP tests share: a server with the extension and a table of made reviews.
package SentimentTest;

use strict;
use warnings;
use Exporter 'import';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;

our @EXPORT = qw(reviews_sql start_node predictions problems kill_backend wait_until_ready);

# Seconds that a server may take to come back.
my $patience = 180;


# SQL that makes a table of reviews; more words make longer texts.
sub reviews_sql
{
	my ($table, $rows, $words) = @_;
	return qq{
		CREATE TABLE $table AS
		SELECT i AS id,
			(ARRAY['good', 'great', 'lovely', 'bad', 'poor', 'awful'])[1 + i % 6]
			|| (SELECT string_agg(' w' || (i * 7919 + j * 104729 + i * j) % 20011, '') FROM generate_series(1, $words) AS j)
			AS text,
			CASE WHEN i % 6 < 3 THEN 'pos' ELSE 'neg' END AS label
		FROM generate_series(1, $rows) AS i;
	};
}

# A running server with the extension.
sub start_node
{
	my ($name) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init(allows_streaming => 1);
	$node->append_conf('postgresql.conf', "fsync = off\nmax_wal_senders = 4\n");
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION sentiment');
	return $node;
}

# Every prediction to the last digit, as one string.
sub predictions
{
	my ($node, $model, $database) = @_;
	return $node->safe_psql($database // 'postgres', qq{
		SET extra_float_digits = 3;
		SELECT t, sentiment_predict(t, '$model'), sentiment_score(t, '$model')
		FROM (VALUES ('a good w17 w23'), ('awful w99'), ('lovely lovely w5'), ('unknown words'), ('')) AS v(t)});
}

# What sentiment_check_integrity() finds wrong, a line each.
sub problems
{
	my ($node, $database) = @_;
	return $node->safe_psql($database // 'postgres',
		q{SELECT check_name, object, problem FROM sentiment_check_integrity() WHERE severity <> 'info'});
}

# Kill a backend, and wait until the server has recovered from that; answers whether it has. The log tells: a psql that cannot connect
# may end before it is given its query, and a server that has not noticed yet would answer.
sub kill_backend
{
	my ($node, $pid) = @_;
	my $offset = -s $node->logfile;

	kill 'KILL', $pid;
	for (1 .. 10 * $patience)
	{
		return 1 if substr(slurp_file($node->logfile), $offset) =~ /database system is ready to accept connections/;
		select(undef, undef, undef, 0.1);
	}
	return 0;
}

# Wait until a server, which may have crashed, takes connections; answers whether it does.
sub wait_until_ready
{
	my ($node) = @_;

	for (1 .. 10 * $patience)
	{
		return 1 if system('pg_isready', '-q', '-h', $node->host, '-p', $node->port) == 0;
		select(undef, undef, undef, 0.1);
	}
	return 0;
}

1;
