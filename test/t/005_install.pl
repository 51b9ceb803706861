# Who may install the extension, and where; encodings; two databases; making it anew.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SentimentTest;
use Test::More;

my $node = start_node('install');

# the owner of a database, who is no superuser
$node->safe_psql('postgres', 'CREATE ROLE owner LOGIN');
$node->safe_psql('postgres', 'CREATE DATABASE owned OWNER owner');
$node->safe_psql('owned', reviews_sql('reviews', 300, 3) . 'ALTER TABLE reviews OWNER TO owner');
is($node->psql('owned', 'CREATE EXTENSION sentiment', extra_params => [ '-U', 'owner' ]), 0, 'a trusted extension');
is($node->safe_psql('owned', q{SELECT version FROM sentiment_train('m', 'reviews')}, extra_params => [ '-U', 'owner' ]),
	'1', 'and a training by its owner');

# another schema; a schema sentiment that is there already
$node->safe_psql('postgres', 'CREATE DATABASE elsewhere');
my ($result, $out, $err) = $node->psql('elsewhere', 'CREATE SCHEMA sentiment; CREATE EXTENSION sentiment');
isnt($result, 0, 'an existing schema is refused');
like($err, qr/schema "sentiment" already exists.*HINT:  Rename or drop/s, 'with a hint');
$node->safe_psql('elsewhere', 'DROP SCHEMA sentiment; CREATE SCHEMA x; CREATE EXTENSION sentiment SCHEMA x');
$node->safe_psql('elsewhere', reviews_sql('reviews', 300, 3));
is($node->safe_psql('elsewhere', q{SELECT version FROM x.sentiment_train('m', 'reviews'); SELECT x.sentiment_predict('lovely')}),
	"1\npos", 'it works from another schema');

# models of one name in two databases do not mix; a new extension answers for itself
$node->safe_psql('owned', q{SELECT sentiment_train('m', 'reviews', deploy => 'always')});
is($node->safe_psql('elsewhere', q{SELECT version FROM x.sentiment_classify('x', 'm')}), '1', 'one database');
is($node->safe_psql('owned', q{SELECT version FROM sentiment_classify('x', 'm')}), '2', 'the other');
is($node->safe_psql('owned', q{
		SELECT label FROM sentiment_classify('lovely', 'm');
		DROP EXTENSION sentiment;
		CREATE EXTENSION sentiment;
		CREATE VIEW swapped AS SELECT text, CASE label WHEN 'pos' THEN 'neg' ELSE 'pos' END AS label FROM reviews;
		DO 'BEGIN PERFORM sentiment_train(''m'', ''swapped''); END';
		SELECT label FROM sentiment_classify('lovely', 'm')}),
	"pos\nneg", 'made anew in one session');

# encodings
$node->safe_psql('postgres', q{CREATE DATABASE ascii ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0});
$node->safe_psql('ascii', 'CREATE EXTENSION sentiment');
is($node->safe_psql('ascii', q{SELECT sentiment_tokens(E'sch\xc3\xb6n gut', '{"ngram_max": 1}')}), "{sch\xc3\xb6n,gut}", 'valid UTF-8 in SQL_ASCII');
($result, $out, $err) = $node->psql('ascii', q{SELECT sentiment_tokens(E'sch\xf6n gut')});
like($err, qr/invalid byte sequence for encoding "UTF8"/, 'other bytes are an error');
$node->safe_psql('postgres', q{CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0});
is($node->safe_psql('latin', q{
		SET client_encoding = 'UTF8';
		CREATE EXTENSION sentiment;
		CREATE TABLE r AS SELECT CASE WHEN i % 2 = 0 THEN 'schön gut' ELSE 'übel schlecht' END AS text,
			CASE WHEN i % 2 = 0 THEN 'schön' ELSE 'übel' END AS label FROM generate_series(1, 100) AS i;
		DO 'BEGIN PERFORM sentiment_train(''m'', ''r'', params => ''{"holdout": 0, "positive_label": "schön"}''); END';
		SELECT sentiment_predict('SCHÖN', 'm'), sentiment_score('SCHÖN', 'm') > 0.5;
		SELECT term FROM sentiment_explain('ÜBEL', 'm') LIMIT 1}),
	"schön|t\nübel", 'LATIN1');

$node->stop;
done_testing();
