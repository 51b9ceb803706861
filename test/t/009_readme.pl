# Every SQL example of the README works, in the order in which it stands there; then those of the pages in docs.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $readme = $ENV{SENTIMENT_README} || 'README.md';
plan skip_all => "cannot read $readme" unless -r $readme;

my $text = slurp_file($readme);
my @examples = $text =~ /^```sql\n(.*?)^```/msg;

my $node = PostgreSQL::Test::Cluster->new('readme');
$node->init;
$node->append_conf('postgresql.conf', q{
shared_preload_libraries = 'pg_cron,sentiment'
cron.database_name = 'postgres'
cron.use_background_workers = on
});
$node->start;

# What the README takes for granted: a table of reviews.
my $first = shift @examples;
like($first, qr/CREATE EXTENSION sentiment/, 'the first example creates the extension');
$node->safe_psql('postgres', $first);
$node->safe_psql('postgres', q{
	CREATE TABLE reviews (id int, text text, label text, category text);
	INSERT INTO reviews
	SELECT i,
		CASE WHEN i % 2 = 0 THEN 'A wonderful book, I loved the story'
			 ELSE 'Boring and far too long, a waste of money' END || ' number ' || i % 37
			|| CASE WHEN i % 3 = 0 THEN ' for my book club' ELSE '' END,
		CASE WHEN i % 2 = 0 THEN 'pos' ELSE 'neg' END,
		'category ' || i % 3
	FROM generate_series(1, 600) AS i;
});

# The second one is for a database that has the extension in a schema of its own.
my $in_schema = shift @examples;
like($in_schema, qr/CREATE EXTENSION sentiment SCHEMA classifiers.*ALTER DATABASE mydb/s, 'the second one chooses a schema');
$node->safe_psql('postgres', 'CREATE DATABASE mydb');
$node->safe_psql('mydb', $in_schema);
$node->safe_psql('mydb', 'CREATE ROLE somebody');
is( $node->safe_psql('mydb', q{SET ROLE somebody; SELECT sentiment_tokens('it works')}),
	'{it,works,"it works"}', 'a role without rights finds the functions there');
$node->safe_psql('mydb', 'DROP ROLE somebody');

# Run an example; answers what it printed.
sub works
{
	my ($example, $name) = @_;
	my ($stdout, $stderr);
	my $result = $node->psql('postgres', $example, stdout => \$stdout, stderr => \$stderr);

	# a retraining that fails is told, not raised
	ok($result == 0 && $stdout !~ /^failed\|/m, "$name works") or diag("$example\n$stdout\n$stderr");
	return $stdout;
}

my $number = 1;
foreach my $example (@examples)
{
	my $stdout = works($example, 'example ' . ++$number);

	like($stdout, qr/^1\|1\|[^|]+\|rollback\|complaints on Monday\|/m, 'who follows along sees what answers')
		if $example =~ /sentiment_deployed_at/;
}

# What the README says about the first model.
is($node->safe_psql('postgres', q{SELECT sentiment_predict('Could not put it down, a wonderful book.')}),
	'pos', 'the first prediction is what it should be');
cmp_ok(scalar(@examples), '>=', 12, 'the README has its examples');

# The pages go on where the README has ended.
my @pages = glob 'docs/*.md';
cmp_ok(scalar(@pages), '>=', 1, 'there are pages');
foreach my $page (@pages)
{
	my $count = 0;

	works($_, "$page: example " . ++$count) foreach slurp_file($page) =~ /^```sql\n(.*?)^```/msg;
}

$node->stop;
done_testing();
