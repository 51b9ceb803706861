# Overloads of everything, by a role that may create in the extension's schema and in one that is earlier on the path:
# the library's own SQL never runs one of them. What is called here is called by its schema and with typed arguments, so
# that a trap that runs was chosen by the library. The statements of the regression tests, which are less careful, call
# copies of the functions in a schema without traps; only what SQL of the library has run into is counted of them.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use File::Basename;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Time::HiRes qw(sleep time);
use ExporterTest;
use HostileSchema;
use SentimentTest qw(wait_until_ready);
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('hostile');
$node->init;
$node->append_conf('postgresql.conf', q{
fsync = off
shared_preload_libraries = 'pg_cron,sentiment'
cron.database_name = 'postgres'
cron.use_background_workers = on
max_worker_processes = 16
client_min_messages = warning
log_min_messages = warning
});
$node->start;
$node->safe_psql('postgres', q{
	CREATE ROLE hostile LOGIN;
	CREATE ROLE owner LOGIN;
	CREATE ROLE trainer LOGIN;
	CREATE ROLE predictor LOGIN;
	CREATE EXTENSION pg_cron;
	GRANT USAGE ON SCHEMA cron TO owner, trainer});

# Where the log ends now.
sub log_end { return -s $node->logfile; }

# Nothing was captured since a place in the log; tells what was.
sub nothing_captured
{
	my ($what, @captures) = @_;
	my %seen;
	my @told = grep { !$seen{"$_->[0] $_->[1]"}++ } @captures;
	is(scalar(@captures), 0, "$what: nothing is captured");
	diag("captured as $_->[1]: $_->[0] from $_->[2]") foreach @told[ 0 .. ($#told > 19 ? 19 : $#told) ];
	return;
}

# Run statements of a role in one session, each in a transaction that is undone. Commands before them may put traps into pg_temp.
sub run_as
{
	my ($database, $role, $before, @statements) = @_;
	my $script = $before . join '', map { "BEGIN;\n$_;\nROLLBACK;\n" } @statements;
	my ($out, $error);
	IPC::Run::run([ 'psql', '-XqAt', '-d', $node->connstr($database), '-U', $role, '-f', '-' ], '<', \$script, '>', \$out, '2>', \$error);
	# a backend that crashes ends the session; of several traps that are as good the server chooses none
	unlike($error, qr/server closed the connection|connection to server was lost/, "$role: the server stays");
	unlike($error, qr/is not unique/, "$role: each call can be resolved in one way only");
	return ($out, $error);
}

# ---- the traps, before and after which all is made by careful SQL
$node->safe_psql('postgres', q{
	CREATE EXTENSION sentiment;
	CREATE SCHEMA data AUTHORIZATION owner;
	GRANT USAGE ON SCHEMA data TO PUBLIC});
my $made = make_traps($node, 'postgres');
cmp_ok($made, '>', 2000, "there are $made overloads");
$node->safe_psql('postgres', 'ALTER DATABASE postgres SET search_path = trap, public');
my $end = log_end();
$node->psql('postgres', 'SELECT sentiment_tokens(NULL)', extra_params => [ '-U', 'owner' ]);
$node->psql('postgres', 'SELECT x = x FROM (SELECT NULL::sentiment_vector AS x) AS v', extra_params => [ '-U', 'owner' ]);
$node->psql('postgres', q{SELECT trap.concat_ws('a'::text, 'b'::text, 'c'::text)}, extra_params => [ '-U', 'owner' ]);
my @sprung = captures($node, $end);
is(scalar(@sprung), 3, 'a careless call runs into a trap, and the log tells it');
is_deeply([ map { $_->[1] } @sprung ], [ ('owner') x 3 ], 'and as whom');
is(scalar(library_captures(@sprung)), 0, 'a call of the client is not one of the library');

# A model with all that belongs to one.
my $making = q{
	SET ROLE owner;
	CREATE TABLE data.reviews AS
	SELECT i AS id, (ARRAY['good', 'great', 'lovely', 'bad', 'poor', 'awful']::pg_catalog.text[])[1 OPERATOR(pg_catalog.+) i OPERATOR(pg_catalog.%) 6]
		OPERATOR(pg_catalog.||) ' w'::pg_catalog.text OPERATOR(pg_catalog.||) (i OPERATOR(pg_catalog.%) 97)::pg_catalog.text
		OPERATOR(pg_catalog.||) ' v'::pg_catalog.text OPERATOR(pg_catalog.||) (i OPERATOR(pg_catalog.%) 89)::pg_catalog.text AS text,
		CASE WHEN i OPERATOR(pg_catalog.%) 6 OPERATOR(pg_catalog.<) 3 THEN 'pos' ELSE 'neg' END AS label,
		(i OPERATOR(pg_catalog.%) 17)::pg_catalog.numeric AS amount, pg_catalog.now() OPERATOR(pg_catalog.-) pg_catalog.make_interval(0, 0, 0, 0, i) AS came_in
	FROM pg_catalog.generate_series(1, 600) AS i;
	GRANT SELECT ON data.reviews TO trainer;
	SELECT public.sentiment_train('m'::pg_catalog.text, 'data.reviews'::pg_catalog.regclass, 'text'::pg_catalog.name, 'label'::pg_catalog.name,
		k.kind, k.params, '{amount}'::pg_catalog._name, k.deploy, NULL::pg_catalog.text)
	FROM (VALUES ('logistic_regression'::pg_catalog.text, '{"max_features": 200}'::pg_catalog.jsonb, 'always'::pg_catalog.text),
		('random_forest'::pg_catalog.text, '{"n_estimators": 5}'::pg_catalog.jsonb, 'never'::pg_catalog.text)) AS k (kind, params, deploy);
	SELECT public.sentiment_grant('m'::pg_catalog.text, r.role, r.privilege)
	FROM (VALUES ('trainer'::pg_catalog.text, 'train'::pg_catalog.text), ('predictor'::pg_catalog.text, 'predict'::pg_catalog.text)) AS r (role, privilege);
	SELECT public.sentiment_set_contract('m'::pg_catalog.text, '{"labels": ["neg", "pos"], "ranges": {"amount": {"min": 0, "max": 20}}}'::pg_catalog.jsonb);
	SELECT public.sentiment_monitor('m'::pg_catalog.text, 'data.reviews'::pg_catalog.regclass, 'text'::pg_catalog.name, 'came_in'::pg_catalog.name,
		'7 days'::pg_catalog.interval, 'label'::pg_catalog.name, NULL::pg_catalog.text, NULL::pg_catalog.interval, '{amount}'::pg_catalog._name,
		NULL::pg_catalog.text, NULL::pg_catalog.jsonb, 'if_better'::pg_catalog.text, '0'::pg_catalog.interval, 0.01::pg_catalog.float8);
	SELECT public.sentiment_set_shadow('m'::pg_catalog.text, 2::pg_catalog.int4, 1::pg_catalog.float8, NULL::pg_catalog.text);
	SELECT public.sentiment_outcome('m'::pg_catalog.text, 1::pg_catalog.int4, 'u'::pg_catalog.text, true);
	SELECT public.sentiment_set_description('m'::pg_catalog.text, 'what it is for'::pg_catalog.text)};
$end = log_end();
is($node->psql('postgres', $making), 0, 'a model is made');
nothing_captured('making it', captures($node, $end));
# a caller's own filter is run by SQL of the library: that is how a trap would look that the library has chosen
$end = log_end();
$node->psql('postgres', q{SET ROLE owner; SELECT pg_catalog.count(*) FROM public.sentiment_validate('{}'::pg_catalog.jsonb, 'data.reviews'::pg_catalog.regclass,
	'trap.concat_ws(text::pg_catalog.text, text::pg_catalog.text, text::pg_catalog.text) IS NULL'::pg_catalog.text)});
cmp_ok(scalar(library_captures(captures($node, $end))), '>=', 600, 'a trap in SQL of the library is told from one in a call of the client');

# ---- every function and aggregate with all of its arguments, and every view, as roles of all sorts
$node->safe_psql('postgres', q{
	SET search_path = pg_catalog, pg_temp;
	CREATE TABLE noted.argument (name text, type text, value text);
	INSERT INTO noted.argument VALUES
		('model', 'text', '''m'''), ('model_id', 'int8', '1'), ('source', 'regclass', '''data.reviews'''), ('container', 'bytea', '''\x00'''),
		('traffic', 'jsonb', '''{"1": 0.5, "2": 0.5}'''), ('gate', 'jsonb', '''{"min_f1": 0.5}'''), ('contract', 'jsonb', '''{"min_rows": 1, "ranges": {"amount": {"min": 0}}}'''),
		('role', 'text', '''predictor'''), ('privilege', 'text', '''predict'''), ('new_owner', 'name', '''trainer'''), ('kinds', '_text', '''{logistic_regression}'''),
		('task', 'text', '''check_and_retrain'''), ('schedule', 'text', '''0 3 1 1 *'''), ('features', 'jsonb', '''{"amount": 3}'''), ('label', 'text', '''pos'''),
		('kind', 'text', '''logistic_regression'''), ('deploy', 'text', '''always'''), ('filter', 'text', '''id > 5'''), ('text_column', 'name', '''text'''),
		('label_column', 'name', '''label'''), ('time_column', 'name', '''came_in'''), ('numeric_columns', '_name', '''{amount}'''), ('stage', 'text', '''production'''),
		('trials', 'int4', '3'), ('folds', 'int4', '2'), ('objectives', '_text', '''{f1}'''), ('sampler', 'text', '''random'''), ('pruner', 'text', '''none'''),
		('units', '_text', 'NULL'), ('reason', 'text', '''because'''), ('period', 'interval', 'NULL'), ('max_time', 'interval', 'NULL'), ('keep', 'int4', '1'),
		('holdout', 'float8', '0.2'), ('alpha', 'float8', '0.01'), ('trigger', 'text', '''by hand'''), ('numbers', '_float8', '''{1}'''), ('evidence', '_float8', 'NULL'),
		('parallel', 'bool', 'true'), ('missing_ok', 'bool', 'true'), ('features', '_jsonb', 'NULL'),
		(NULL, 'text', '''a good text'''), (NULL, 'int4', '1'), (NULL, 'int8', '1'), (NULL, 'float8', '0.5'), (NULL, 'numeric', '1'), (NULL, 'bool', 'true'),
		(NULL, 'jsonb', '''{}'''), (NULL, '_jsonb', '''{}'''), (NULL, '_text', '''{a good text}'''), (NULL, '_float8', '''{1}'''), (NULL, 'regclass', '''data.reviews'''),
		(NULL, 'name', '''text'''), (NULL, '_name', '''{}'''), (NULL, 'interval', '''1 day'''), (NULL, 'timestamptz', '''2030-01-01'''), (NULL, 'oid', '0');
});
my @calls = split /\n/, $node->safe_psql('postgres', q{
	SET search_path = pg_catalog, pg_temp;
	SELECT DISTINCT format(CASE WHEN p.prokind = 'a' THEN 'SELECT %I.%I(%s)' ELSE 'SELECT pg_catalog.count(*) FROM %I.%I(%s) AS r' END, n.nspname, p.proname, a.values)
	FROM pg_proc AS p
	JOIN pg_namespace AS n ON n.oid = p.pronamespace
	JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
	JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND e.extname = 'sentiment'
	CROSS JOIN unnest('{2,"NULL"}'::text[]) AS version
	CROSS JOIN LATERAL (
		SELECT coalesce(string_agg(CASE WHEN p.proargnames[i] = 'version' THEN version ELSE coalesce((SELECT v.value FROM noted.argument AS v
				WHERE v.type = t.typname AND (v.name = p.proargnames[i] OR v.name IS NULL) ORDER BY v.name NULLS LAST LIMIT 1), 'NULL') END
			|| format('::%I.%I', tn.nspname, t.typname), ', ' ORDER BY i), '') AS values
		FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS u(type, i)
		JOIN pg_type AS t ON t.oid = u.type
		JOIN pg_namespace AS tn ON tn.oid = t.typnamespace) AS a
	WHERE NOT '{internal,cstring}'::regtype[] && p.proargtypes::oid[]::regtype[] AND p.prorettype NOT IN ('trigger'::regtype, 'internal'::regtype)
	UNION ALL
	SELECT format('SELECT pg_catalog.count(*) FROM (SELECT * FROM %I.%I) AS r', n.nspname, c.relname)
	FROM pg_class AS c
	JOIN pg_namespace AS n ON n.oid = c.relnamespace
	JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
	JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND e.extname = 'sentiment'
	WHERE c.relkind IN ('r', 'v')});
push @calls, map { "SELECT public.sentiment_run_task('m'::pg_catalog.text, '$_'::pg_catalog.text)" } qw(check_drift retrain pipeline prune);
# a version goes from here to there and back
push @calls, q{SELECT public.sentiment_import_model(public.sentiment_export_model('m'::pg_catalog.text, 1::pg_catalog.int4), 'copy'::pg_catalog.text,
	'data.reviews'::pg_catalog.regclass, 'text'::pg_catalog.name, 'label'::pg_catalog.name, NULL::pg_catalog.text)};
push @calls, q{SELECT public.sentiment_drift_profile_summary(public.sentiment_drift_profile_agg('m'::pg_catalog.text, NULL::pg_catalog.int4, r.text::pg_catalog.text,
	r.label::pg_catalog.text, ARRAY[r.amount]::pg_catalog.float8[], r.id::pg_catalog.int8)) FROM data.reviews AS r};
cmp_ok(scalar(@calls), '>', 250, scalar(@calls) . ' calls');
my $temp_traps = temp_traps_sql($node, 'postgres');
foreach my $role (qw(postgres owner trainer predictor))
{
	# with own traps in pg_temp too, for which some uses of a stored source are refused
	foreach my $before ('', $temp_traps)
	{
		my $what = $role . ($before eq '' ? '' : ' with temporary objects');
		my $from = log_end();
		my ($out, $error) = run_as('postgres', $role, $before, @calls);
		my $refused = () = $error =~ /ERROR: /g;
		cmp_ok($refused, '<', @calls * ($role eq 'predictor' ? 0.5 : 0.25), "$what: most calls get through, $refused do not");
		nothing_captured("every function as $what", captures($node, $from));
	}
}

# ---- a task of pg_cron
$end = log_end();
$node->safe_psql('postgres', qq{SELECT public.sentiment_schedule('m'::pg_catalog.text, '* * * * *'::pg_catalog.text, '$_'::pg_catalog.text)}, extra_params => [ '-U', 'owner' ])
	foreach qw(check_drift pipeline prune check_and_retrain);
my $until = time + 300;
my $runs = q{SELECT count(DISTINCT d.jobid) FROM cron.job_run_details AS d WHERE d.status OPERATOR(pg_catalog.=) ANY ('{succeeded,failed}'::pg_catalog._text)};
sleep 1 until $node->safe_psql('postgres', $runs) >= 4 || time > $until;
is($node->safe_psql('postgres', $runs), '4', 'the jobs of four tasks have run');
is($node->safe_psql('postgres', q{SELECT pg_catalog.string_agg(DISTINCT d.return_message, ' ') FROM cron.job_run_details AS d WHERE d.status OPERATOR(pg_catalog.=) 'failed'}), '', 'none has failed');
nothing_captured('tasks of pg_cron', captures($node, $end));
$node->safe_psql('postgres', q{SELECT public.sentiment_unschedule('m'::pg_catalog.text, NULL::pg_catalog.text)});

# ---- the exporter
SKIP:
{
	skip 'there is no exporter (SENTIMENT_EXPORTER)', 4 unless -x ($ENV{SENTIMENT_EXPORTER} // '');
	$end = log_end();
	is($node->psql('postgres', undef, extra_params => [ '-v', 'database=postgres', '-f', "$ENV{TESTDIR}/role.sql" ]), 0, 'the script of its role runs');
	$node->safe_psql('postgres', q{SELECT public.sentiment_grant('m'::pg_catalog.text, 'sentiment_exporter'::pg_catalog.text, 'predict'::pg_catalog.text)});
	my $exporter = start_exporter('hostile_exporter', $node->connstr('postgres') . ' user=sentiment_exporter', '--model', 'm');
	wait_until('ready', sub { get($exporter, '/ready')->{status} == 200 });
	my %status = ('/predict' => post($exporter, '/predict', { texts => ['a good w17'], explain => JSON::PP::true(), numeric_features => { amount => 3 } })->{status});
	$status{$_} = get($exporter, $_)->{status}
		foreach qw(/metrics /metadata /api/models), map { "/api/$_?model=m&version=1" } qw(versions curves drift live_drift operations experiments searches model_card);
	is_deeply([ grep { $status{$_} != 200 } sort keys %status ], [], 'its routes answer');
	# bins are for those who may train
	is(get($exporter, '/api/drift_bins?report=1')->{status}, 404, 'or find nothing');
	stop_exporter($exporter);
	nothing_captured('the exporter', captures($node, $end));
}

# ---- the regression tests, through copies of the functions in a schema of its own
SKIP:
{
	my @files = sort glob("$FindBin::Bin/../sql/*.sql");
	skip 'the regression tests are not there', 7 unless @files;
	$node->safe_psql('postgres', 'CREATE DATABASE regression');
	$node->safe_psql('regression', 'CREATE EXTENSION sentiment');
	# the functions of the extension alone, before there are traps
	$node->safe_psql('regression', q{
		SET search_path = pg_catalog, pg_temp;
		CREATE SCHEMA clean;
		GRANT ALL ON SCHEMA clean TO PUBLIC;
		DO $do$
		DECLARE
			f record;
		BEGIN
			FOR f IN
				SELECT d.classid::regclass::text AS class, d.objid AS oid, p.prokind, c.relkind, p.proname, c.relname, t.typname
				FROM pg_depend AS d
				JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND e.extname = 'sentiment'
				LEFT JOIN pg_proc AS p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid AND p.pronamespace = 'public'::regnamespace
				LEFT JOIN pg_class AS c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid AND c.relnamespace = 'public'::regnamespace
				LEFT JOIN pg_type AS t ON d.classid = 'pg_type'::regclass AND t.oid = d.objid AND t.typtype = 'b' AND t.typelem = 0
				WHERE d.deptype = 'e' ORDER BY d.objid
			LOOP
				IF f.prokind = 'f' THEN
					EXECUTE replace(pg_get_functiondef(f.oid), 'FUNCTION public.', 'FUNCTION clean.');
				ELSIF f.prokind = 'a' THEN
					EXECUTE (SELECT format('CREATE AGGREGATE clean.%I(%s) (SFUNC = %s, STYPE = %s, COMBINEFUNC = %s%s, FINALFUNC_MODIFY = read_only, PARALLEL = safe)', f.proname,
						pg_get_function_arguments(f.oid), a.aggtransfn, format_type(a.aggtranstype, NULL), a.aggcombinefn,
						CASE WHEN a.aggfinalfn <> 0 THEN ', FINALFUNC = ' || a.aggfinalfn ELSE '' END || coalesce(', INITCOND = ' || quote_literal(a.agginitval), '')) FROM pg_aggregate AS a WHERE a.aggfnoid = f.oid);
				ELSIF f.relkind = 'v' THEN
					EXECUTE format('CREATE VIEW clean.%I WITH (security_invoker = true) AS %s', f.relname, pg_get_viewdef(f.oid));
					EXECUTE format('GRANT SELECT ON clean.%I TO PUBLIC', f.relname);
				ELSIF f.typname IS NOT NULL THEN
					EXECUTE format('CREATE DOMAIN clean.%I AS public.%I', f.typname, f.typname);
				END IF;
			END LOOP;
		END $do$;
		ALTER DATABASE regression SET search_path = clean});
	make_traps($node, 'regression');
	$end = log_end();
	foreach my $file (@files)
	{
		my ($out, $error);
		IPC::Run::run([ 'psql', '-XqAt', '-d', $node->connstr('regression'), '-f', $file ], '>', \$out, '2>', \$error);
		unlike($error, qr/server closed the connection|connection to server was lost|is not unique/, "the server stays through " . basename($file) . ', and can resolve all');
	}
	cmp_ok($node->safe_psql('regression', 'SELECT pg_catalog.count(*) FROM sentiment.deployment_history'), '>', 100, 'they have reached the library');
	nothing_captured('SQL of the library in the regression tests', library_captures(captures($node, $end)));

	# traps that are there when the extension is created
	$node->safe_psql('regression', q{DROP SCHEMA clean CASCADE; DROP EXTENSION sentiment CASCADE; ALTER DATABASE regression SET search_path = trap, public});
	$end = log_end();
	$node->safe_psql('regression', q{CREATE EXTENSION sentiment SCHEMA public; CREATE SCHEMA data AUTHORIZATION owner; GRANT USAGE ON SCHEMA data TO PUBLIC});
	is($node->psql('regression', $making), 0, 'the extension is created among traps, and a model');
	my ($out, $error) = run_as('regression', 'owner', '', @calls);
	nothing_captured('an extension that is created among traps', captures($node, $end));
}

# ---- the two ways that were known: an overload of the validation's aggregate with the texts that an untyped NULL is
$node->safe_psql('postgres', 'CREATE DATABASE cases');
$node->safe_psql('cases', q{
	CREATE EXTENSION sentiment;
	GRANT CREATE ON SCHEMA public TO hostile;
	CREATE TABLE vrows AS SELECT i AS id, 'good w' || i AS text, CASE WHEN i % 2 = 0 THEN 'pos' ELSE 'neg' END AS label FROM generate_series(1, 100) AS i;
	GRANT SELECT ON vrows TO PUBLIC});
my $found = $node->safe_psql('cases', q{SELECT count(*) FROM sentiment_validate(contract => '{}', source => 'vrows')});
$node->safe_psql('cases', q{
	CREATE FUNCTION public.answer(s int8, a text, b text, c text, d text, e jsonb) RETURNS int8 LANGUAGE sql AS 'SELECT 4702111234474983745::int8';
	CREATE AGGREGATE public.sentiment_validation_agg(text, text, text, text, jsonb) (SFUNC = public.answer, STYPE = int8)}, extra_params => [ '-U', 'hostile' ]);
is($node->psql('cases', q{SELECT count(*) FROM sentiment_validate(contract => '{}', source => 'vrows')}, stdout => \my $answer), 0, 'an int8 is taken for no pointer: the server stays');
is($answer, $found, 'and the answer is the same');
wait_until_ready($node); # a server that has crashed comes back
$node->safe_psql('cases', q{
	DROP AGGREGATE public.sentiment_validation_agg(text, text, text, text, jsonb);
	CREATE FUNCTION public.rise(s sentiment_validation, a text, b text, c text, d text, e jsonb) RETURNS sentiment_validation LANGUAGE plpgsql AS $$
	BEGIN
		IF current_user <> 'hostile' THEN EXECUTE 'ALTER ROLE hostile SUPERUSER'; END IF;
		RETURN public.sentiment_validation_add(s, a, b, NULL::float8[], NULL::float8[], e);
	END $$;
	CREATE AGGREGATE public.sentiment_validation_agg(text, text, text, text, jsonb) (SFUNC = public.rise, STYPE = sentiment_validation)}, extra_params => [ '-U', 'hostile' ]);
is($node->safe_psql('cases', q{SELECT count(*) FROM sentiment_validate(contract => '{}', source => 'vrows')}), $found, 'nor does it choose code of others');
is($node->safe_psql('cases', q{SELECT rolsuper FROM pg_roles WHERE rolname = 'hostile'}), 'f', 'who is no superuser by that');
is($node->safe_psql('cases', q{SELECT check_name, object FROM sentiment_check_integrity() WHERE severity = 'warning'}),
	'overload|aggregate public.sentiment_validation_agg(pg_catalog.text,pg_catalog.text,pg_catalog.text,pg_catalog.text,pg_catalog.jsonb)',
	'sentiment_check_integrity() tells of the overload');

$node->stop;
done_testing();
