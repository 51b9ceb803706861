# What the tests of hostile code share: a server where code of any role tells in the server's log as whom it runs.
#
# What code does in a read that fails is rolled back, tables and all; a line in the log is not.

package HostileTest;

use strict;
use warnings;
use Exporter 'import';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SentimentTest qw(wait_until_ready);
use Test::More;

our @EXPORT = qw(start_hostile_node hostile_code session told superusers rows_sql);

# A running server with the extension, and the means of hostile code.
sub start_hostile_node
{
	my ($name, $settings) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init;
	$node->append_conf('postgresql.conf', qq{
fsync = off
restart_after_crash = on
shared_preload_libraries = 'pg_cron,sentiment'
cron.database_name = 'postgres'
cron.use_background_workers = on
max_worker_processes = 16
autovacuum = off
client_min_messages = warning
}
		  . ($settings // ''));
	$node->start;
	$node->safe_psql('postgres', q{
		CREATE EXTENSION sentiment;
		CREATE SCHEMA audit;
		GRANT USAGE ON SCHEMA audit TO PUBLIC;
		-- as whom code runs is for the code to say: in here it would be the owner of this function
		CREATE FUNCTION audit.note(author text, place text, ran_as text) RETURNS bool LANGUAGE plpgsql
		SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
		BEGIN
			RAISE LOG 'audit: code of "%" ran as "%" in "%"', author, ran_as, place;
			RETURN true;
		END $$;
		CREATE FUNCTION audit.mark(use text) RETURNS void LANGUAGE plpgsql AS $$
		BEGIN
			RAISE LOG 'audit: use "%"', use;
		END $$;
	});
	return $node;
}

# SQL that makes a table of reviews: few rows, and words that a model of them finds.
sub rows_sql
{
	my ($table, $rows) = @_;
	$rows //= 72;
	return qq{CREATE TABLE $table AS SELECT i AS id,
		(ARRAY['good', 'great', 'lovely', 'bad', 'poor', 'awful'])[1 + i % 6] || ' w' || i % 5 || ' n' || i AS text,
		CASE WHEN i % 6 < 3 THEN 'pos' ELSE 'neg' END AS label, i % 7 AS n FROM generate_series(1, $rows) AS i;\n};
}

# SQL that makes a role's functions in a schema. They tell as whom they run, and if that is not the role, they take what they can.
sub hostile_code
{
	my ($role, $schema, $place) = @_;
	my $body = sub {
		my ($answer) = @_;
		# (what was taken in a transaction that has not ended is not waited for)
		return qq{LANGUAGE plpgsql SET lock_timeout = 20 AS \$body\$
		BEGIN
			PERFORM audit.note('$role', '$place', current_user::text);
			IF current_user <> '$role' THEN
				BEGIN
					EXECUTE 'ALTER ROLE "$role" SUPERUSER';
				EXCEPTION WHEN OTHERS THEN
					NULL;
				END;
			END IF;
			RETURN $answer;
		END \$body\$;};
	};
	return join "\n", "CREATE FUNCTION $schema.touch(t text) RETURNS text IMMUTABLE " . $body->('t'),
	  "CREATE FUNCTION $schema.same(t text) RETURNS text IMMUTABLE " . $body->('t'),
	  "CREATE FUNCTION $schema.fine(t text) RETURNS bool IMMUTABLE " . $body->('true'),
	  "CREATE FUNCTION $schema.number(i int) RETURNS int IMMUTABLE " . $body->('i'),
	  "CREATE FUNCTION $schema.pair(a text, b text) RETURNS bool IMMUTABLE " . $body->('a < b'),
	  "CREATE FUNCTION $schema.compare(a text, b text) RETURNS int IMMUTABLE "
	  . $body->('CASE WHEN a < b THEN -1 WHEN a = b THEN 0 ELSE 1 END'),
	  "CREATE FUNCTION $schema.join(a text, b text) RETURNS text IMMUTABLE " . $body->("coalesce(a, '') || coalesce(b, '')"), '';
}

# What the audit has told in the server's log since an offset: a list of uses' names and what ran in them.
sub told
{
	my ($node, $offset) = @_;
	my %runs;
	my $use = '';
	my $log = slurp_file($node->logfile, $offset);

	while ($log =~ /audit: (?:use "([^"\n]*)"|code of "([^"\n]*)" ran as "([^"\n]*)" in "([^"\n]*)")$/mg)
	{
		if (defined $1) { $use = $1; }
		else { $runs{$use}{"$4: code of $2 ran as $3"}++; }
	}
	return \%runs;
}

# Run statements in one session of a role, each one a use with a name. Answers what each one said (rows, or SQLSTATE and message of its
# error), what ran in it, and all that the session saw.
sub session
{
	my ($node, $role, @uses) = @_;
	my $offset = -s $node->logfile;
	my $script = "\\set VERBOSITY verbose\n";
	my ($out, $err) = ('', '');
	my %said;
	my $is_late = 0;

	foreach my $use (@uses)
	{
		my ($name, $sql) = @$use;
		$script .= "SELECT audit.mark('$name');\n\\echo <<<$name\n$sql;\n\\if :ERROR\n\\echo error :SQLSTATE :LAST_ERROR_MESSAGE\n\\endif\n\\echo >>>\n";
	}
	my $result = $node->psql('postgres', $script, stdout => \$out, stderr => \$err, on_error_stop => 0, timeout => 120, timed_out => \$is_late,
		extra_params => [ '-U', $role ]);
	is($is_late ? 'too late' : $result, 0, "the session of $role lives to its end") or diag($err);
	# a crash is one failure, not the end of all
	wait_until_ready($node) if $result;
	while ($out =~ /^<<<([^\n]*)\n(.*?)^?>>>$/smg) { $said{$1} = $2; }
	my $runs = told($node, $offset);
	return (\%said, $runs, "$out\n$err");
}

# The roles that are superusers.
sub superusers
{
	my ($node) = @_;
	return $node->safe_psql('postgres', q{SELECT string_agg(rolname, ' ' ORDER BY rolname) FROM pg_roles WHERE rolsuper});
}

1;
