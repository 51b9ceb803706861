# What the TAP tests share: a server with the extension and a table of made reviews.
package SentimentTest;

use strict;
use warnings;
use Exporter 'import';
use PostgreSQL::Test::Cluster;

our @EXPORT = qw(reviews_sql start_node predictions);

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

1;
