# What a backend is left with: one thread, one copy of a model, and bounded memory.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SentimentTest;
use Test::More;

plan skip_all => 'needs /proc' unless -d '/proc/self/task';

my $node = start_node('backend');
$node->safe_psql('postgres', reviews_sql('reviews', 3000, 40));
$node->safe_psql('postgres', q{SELECT sentiment_train('m', 'reviews', deploy => 'always')});

my ($stdin, $stdout, $stderr) = ('', '', '');
my $session = IPC::Run::start(
	[ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-f', '-' ],
	'<', \$stdin, '>', \$stdout, '2>', \$stderr, IPC::Run::timeout(120));

sub ask
{
	my ($sql, $mark) = @_;
	$stdin .= "$sql;\nSELECT '$mark';\n";
	pump $session until $stdout =~ /$mark\n/;
	return;
}

# Private memory of the backend in kB.
sub memory
{
	my ($pid) = @_;
	my ($anonymous) = slurp_file("/proc/$pid/status") =~ /RssAnon:\s+(\d+)/;
	return $anonymous;
}

ask('SELECT pg_backend_pid()', 'connected');
my ($pid) = $stdout =~ /(\d+)/;
ask(q{SELECT count(sentiment_predict(text, 'm')) FROM reviews}, 'warm');
my $warm = memory($pid);
ask(q{DO 'BEGIN FOR i IN 1..3000 LOOP EXECUTE ''SELECT sentiment_predict(''''lovely w'' || i || '''''', ''''m'''')''; END LOOP; END'}, 'statements');
ask(q{DO 'BEGIN FOR i IN 1..30 LOOP PERFORM count(sentiment_predict(text, ''m'')) FROM reviews; END LOOP; END'}, 'rows');
my $later = memory($pid);
note("kB: $warm, later $later");
cmp_ok($later - $warm, '<', 3000, 'memory does not grow with statements and rows');
my @threads = glob("/proc/$pid/task/*");
is(scalar(@threads), 1, 'one thread after predictions');

# many models in turn, in a bounded cache
$node->safe_psql('postgres', q{
	CREATE TABLE models AS SELECT i, (SELECT sentiment_fit(text, label, format('{"C": %s}', i)::jsonb) FROM reviews) AS model
	FROM generate_series(1, 20) AS i});
ask(q{SET sentiment.model_cache_size = '8MB'}, 'bounded');
ask(q{SELECT count(sentiment_predict(model, text)) FROM models, (SELECT text FROM reviews LIMIT 5) AS r}, 'models');
my $models = memory($pid);
note("kB after twenty models: $models");
cmp_ok($models - $later, '<', 40000, 'the cache is bounded');

# a training keeps nothing, and has one thread too
ask(q{SELECT sentiment_train('m', 'reviews')}, 'trained');
my @after = glob("/proc/$pid/task/*");
is(scalar(@after), 1, 'one thread after a training');
cmp_ok(memory($pid) - $models, '<', 20000, 'a training gives its memory back');
$stdin .= "\\q\n";
finish $session;

# an error that the source catches does not end the training's progress, a training within it neither
$node->safe_psql('postgres', q{
	CREATE FUNCTION caught(number int) RETURNS int LANGUAGE plpgsql AS
		'BEGIN RETURN 1 / number; EXCEPTION WHEN division_by_zero THEN RETURN 0; END';
	CREATE VIEW catching AS SELECT text, label FROM reviews WHERE caught((id - 1)::int) IS NOT NULL;
	CREATE FUNCTION trains(number int) RETURNS bool LANGUAGE plpgsql AS
		'BEGIN IF number = 1 THEN PERFORM sentiment_train(''inner'', ''reviews''); END IF; RETURN true; END';
	CREATE VIEW training AS SELECT text, label FROM reviews WHERE trains(id::int);
});
foreach my $source ('catching', 'training')
{
	my ($result, $out, $err) = $node->psql('postgres', qq{SELECT sentiment_train('outer', '$source')});
	is($result, 0, "a training from $source");
	like($err, qr/NOTICE:  3000 rows read from public.$source.*NOTICE:  version \d+ of model outer is/s, 'its progress');
}

# thousands of groups
is($node->safe_psql('postgres', q{
		SELECT count(*), count(DISTINCT sentiment_predict(model, 'lovely'))
		FROM (SELECT i, sentiment_fit(t, l, '{"min_df": 1}') AS model
			  FROM generate_series(1, 4000) AS i, (VALUES ('lovely', 'a'), ('lovely day', 'a'), ('awful', 'b'), ('awful day', 'b')) AS v(t, l)
			  GROUP BY i) AS models}),
	'4000|1', 'four thousand models in one statement');

$node->stop;
done_testing();
