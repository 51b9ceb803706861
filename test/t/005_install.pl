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

# a superuser creates the extension, everybody uses it
$node->safe_psql('postgres', 'CREATE ROLE owner LOGIN');
$node->safe_psql('postgres', 'CREATE DATABASE owned OWNER owner');
$node->safe_psql('owned', reviews_sql('reviews', 300, 3) . 'ALTER TABLE reviews OWNER TO owner');
my ($result, $out, $err) = $node->psql('owned', 'CREATE EXTENSION sentiment', extra_params => [ '-U', 'owner' ]);
isnt($result, 0, 'not for the owner of the database to create');
like($err, qr/Must be superuser to create this extension/, 'and it says so');
$node->safe_psql('owned', 'CREATE EXTENSION sentiment');
is($node->safe_psql('owned', q{SELECT version FROM sentiment_train('m', 'reviews')}, extra_params => [ '-U', 'owner' ]),
	'1', 'and a training by its owner');
is($node->safe_psql('owned', q{SELECT model FROM sentiment_classify('lovely')}), 'm', q{the database owner's model answers others});

# another schema; a schema sentiment that is there already
$node->safe_psql('postgres', 'CREATE DATABASE elsewhere');
($result, $out, $err) = $node->psql('elsewhere', 'CREATE SCHEMA sentiment; CREATE EXTENSION sentiment');
isnt($result, 0, 'an existing schema is refused');
like($err, qr/schema "sentiment" already exists.*HINT:  Rename or drop/s, 'with a hint');
$node->safe_psql('elsewhere', 'DROP SCHEMA sentiment; CREATE SCHEMA x; CREATE EXTENSION sentiment SCHEMA x');
$node->safe_psql('elsewhere', reviews_sql('reviews', 300, 3));
is($node->safe_psql('elsewhere', q{SELECT version FROM x.sentiment_train('m', 'reviews'); SELECT x.sentiment_predict('lovely')}),
	"1\npos", 'it works from another schema');

# a schema that belongs to somebody else is refused even when it is empty; the own one is not
$node->safe_psql('postgres', 'CREATE ROLE mallory LOGIN; CREATE ROLE admin SUPERUSER LOGIN');
$node->safe_psql('postgres', 'CREATE DATABASE trap; GRANT CREATE ON DATABASE trap TO mallory');
$node->safe_psql('trap', 'CREATE SCHEMA sentiment', extra_params => [ '-U', 'mallory' ]);
($result, $out, $err) = $node->psql('trap', 'CREATE EXTENSION sentiment SCHEMA sentiment');
isnt($result, 0, q{somebody else's schema is refused});
like($err, qr/schema "sentiment" belongs to another role.*HINT:  Drop the schema/s, 'with a hint');
$node->safe_psql('trap', 'DROP SCHEMA sentiment; CREATE SCHEMA sentiment');
$node->safe_psql('trap', 'CREATE EXTENSION sentiment SCHEMA sentiment', extra_params => [ '-U', 'admin' ]);
pass(q{the bootstrap superuser's is not});
$node->safe_psql('trap', 'DROP EXTENSION sentiment; ALTER SCHEMA sentiment OWNER TO admin');
$node->safe_psql('trap', 'CREATE EXTENSION sentiment SCHEMA sentiment', extra_params => [ '-U', 'admin' ]);
pass(q{nor is the installing role's});

# tables that do not belong to the extension are not believed, whatever their names
$node->safe_psql('trap', reviews_sql('reviews', 300, 3));
$node->safe_psql('trap', q{SELECT sentiment.sentiment_train('m', 'reviews')});
$node->safe_psql('trap', 'ALTER EXTENSION sentiment DROP TABLE sentiment.model');
($result, $out, $err) = $node->psql('trap', q{SELECT sentiment.sentiment_predict('lovely', 'm')});
like($err, qr/relation "sentiment.model" does not belong to the extension "sentiment"/, 'a table of that name');
$node->safe_psql('trap', 'ALTER EXTENSION sentiment ADD TABLE sentiment.model');
is($node->safe_psql('trap', q{SELECT sentiment.sentiment_predict('lovely', 'm')}), 'pos', 'the table itself');

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
# what LATIN1 does not have is shown as a question mark, in texts that are looked at
is($node->safe_psql('latin', q{
		SET client_encoding = 'UTF8';
		SELECT sentiment_tokens('&pi;r2 gr&uuml;n &#x1F600; &#x4F60;&#x597D; caf&eacute;', '{"strip_html": true, "ngram_max": 1}');
		CREATE TABLE v AS SELECT sentiment_vocabulary_agg(t, '{"strip_html": true, "min_df": 1, "ngram_max": 1}') AS vocabulary
		FROM (VALUES ('&pi;r2 gr&uuml;n'), ('&pi;r2')) AS r(t);
		SELECT term, document_frequency FROM v, sentiment_vocabulary_terms(vocabulary) ORDER BY term COLLATE "C";
		CREATE TABLE w AS SELECT '&pi;r2 gr&uuml;n' AS text, i % 2 AS label FROM generate_series(1, 20) AS i;
		DO 'BEGIN PERFORM sentiment_train(''w'', ''w'', params => ''{"holdout": 0, "strip_html": true, "ngram_max": 1}''); END';
		SELECT term FROM sentiment_explain('&pi;r2', 'w')}),
	"{?r2,grün,?,??,café}\n?r2|2\ngrün|1\n?r2\n(intercept)", 'characters that LATIN1 does not have');
# a name of the extension's in its messages
($result, $out, $err) = $node->psql('latin', q{
		SET client_encoding = 'UTF8';
		SELECT sentiment_train('m', 'r', params => '{"größe": 1}')});
like($err, qr/unknown parameter "größe"/, 'messages');
($result, $out, $err) = $node->psql('latin', q{
		SET client_encoding = 'UTF8';
		SELECT sentiment_train('m', 'r', params => ('{"' || repeat('ö', 2000) || '": 1}')::jsonb)});
like($err, qr/unknown parameter "öööö/, 'that are cut');
($result, $out, $err) = $node->psql('latin', q{
		SET client_encoding = 'UTF8';
		CREATE VIEW "äußerst" AS SELECT * FROM r;
		SELECT version FROM sentiment_train('größe', 'äußerst', params => '{"holdout": 0}')});
like($err, qr/rows read from public\."äußerst".*version 1 of model größe is deployed/s, 'progress');

$node->stop;
done_testing();
