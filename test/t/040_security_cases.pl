# Attacks on what is stored with a model, each as a role that has little: what it could take, nobody gets. Sources and what runs while
# they are read: test/t/042_hostile_source.pl. Names of the library's own functions: test/t/041_hostile_schema.pl.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use HostileTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_hostile_node('security_cases');
$node->safe_psql('postgres', q{
	CREATE ROLE team LOGIN;
	CREATE ROLE evil LOGIN;
	CREATE ROLE asker LOGIN;
	CREATE ROLE stranger LOGIN;
	GRANT CREATE ON SCHEMA public TO team, stranger;
	SET ROLE team;} . rows_sql('reviews') . rows_sql('good_ids'));

# All that evil tries on a model: M is its name.
my $gate = q{SELECT string_agg(concat_ws(' ', check_name, passed, value, detail), '; ') FROM sentiment_check_gate('M', 2)};
my @attempts = (
	[ 'gate', $gate ],
	[ 'promote', q{SELECT sentiment_promote('M', 2)} ],
	[ 'promote by force', q{SELECT sentiment_promote('M', 2, force => true), sentiment_rollback('M')} ],
	[ 'retrain', q{SELECT status, message FROM sentiment_retrain('M', 'again')} ],
	[ 'validate', q{SELECT count(*), string_agg(v::text, '; ') FROM sentiment_validate('M') AS v} ],
	[ 'check_drift', q{SELECT count(*), string_agg(d::text, '; ') FROM sentiment_check_drift('M') AS d} ],
	[ 'pipeline', q{SELECT status, message FROM sentiment_run_pipeline('M', kinds => '{logistic_regression}')} ],
	map { [ "task $_", "SELECT sentiment_run_task('M', '$_')" ] } qw(check_drift retrain check_and_retrain pipeline prune));

# Let a role try all of that, after some preparation of its session. Whatever ran, ran as that role.
sub try_all
{
	my ($what, $role, $model, @preparation) = @_;
	my ($said, $runs, $all) = session($node, $role, @preparation, map { [ $_->[0], $_->[1] =~ s/'M'/'$model'/gr ] } @attempts);
	unlike($said->{ $_->[0] }, qr/^error/, "$what: $_->[0]") or diag($all) foreach @preparation;
	foreach my $use (map { $_->[0] } @attempts)
	{
		is_deeply([ grep { !/: code of (.*) ran as \1$/ } sort keys %{ $runs->{$use} // {} } ], [], "$what: $use runs no code with rights that its author has not got");
	}
	is(superusers($node), 'postgres', "$what: nobody has become superuser");
	return ($said, $runs);
}

# A model of team (or another) that evil may train: two versions of a source.
sub models_sql
{
	my ($model, $source, $arguments) = @_;
	$arguments = $arguments ? ", $arguments" : '';
	return qq{SELECT version FROM sentiment_train('$model', '$source'$arguments);
		SELECT version FROM sentiment_train('$model', '$source', deploy => 'never', params => '{"C": 2}'$arguments);
		SELECT sentiment_grant('$model', 'evil', 'train'), sentiment_grant('$model', 'asker', 'predict');
	};
}

# ---- a filter that names something, which the session of who retrains has under the same name
my $shadows = join ";\n", 'SET search_path = pg_temp, public', hostile_code('evil', 'pg_temp', 'shadow'),
  'CREATE FUNCTION pg_temp.is_fine(t text) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RETURN pg_temp.fine(t); END $$',
  'CREATE FUNCTION pg_temp.lower(t text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN pg_temp.touch(t); END $$',
  'CREATE TEMP VIEW good_ids AS SELECT pg_temp.number(i) AS id FROM generate_series(1, 72) AS i',
  'CREATE TEMP VIEW reviews AS SELECT i AS id, pg_temp.touch(\'good\') AS text, \'pos\' AS label FROM generate_series(1, 72) AS i',
  'CREATE DOMAIN pg_temp.words AS text CHECK (pg_temp.fine(VALUE))',
  'CREATE DOMAIN pg_temp.text AS pg_catalog.text CHECK (pg_temp.fine(VALUE))',
  'CREATE DOMAIN pg_temp.int4 AS pg_catalog.int4 CHECK (pg_temp.number(VALUE) > 0)',
  'CREATE TYPE pg_temp.mood AS (t pg_catalog.text)',
  'CREATE FUNCTION pg_temp.mood_of(t pg_catalog.text) RETURNS pg_temp.mood LANGUAGE plpgsql AS $$ BEGIN RETURN ROW(pg_temp.touch(t)); END $$',
  'CREATE CAST (pg_catalog.text AS pg_temp.mood) WITH FUNCTION pg_temp.mood_of(pg_catalog.text) AS IMPLICIT',
  'CREATE OPERATOR pg_temp.~~~ (LEFTARG = pg_catalog.text, RIGHTARG = pg_catalog.text, FUNCTION = pg_temp.pair)',
  'CREATE OPERATOR pg_temp.> (LEFTARG = pg_catalog.int4, RIGHTARG = pg_catalog.int4, FUNCTION = pg_catalog.int4gt)',
  'CREATE TABLE pg_temp.is_ok (id pg_catalog.int4)', 'GRANT SELECT ON good_ids, reviews TO PUBLIC', '';
$shadows =~ s/;\s*;/;/g;
$node->safe_psql('postgres', q{
	SET ROLE team;
	CREATE FUNCTION is_fine(t text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT length(t) > 2';
	CREATE DOMAIN words AS text CHECK (length(VALUE) > 0);
	CREATE TYPE mood AS ENUM ('pos', 'neg');
	CREATE FUNCTION longer(a text, b text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT length(a) > length(b)';
	CREATE OPERATOR ~~~ (LEFTARG = text, RIGHTARG = text, FUNCTION = longer);
	CREATE COLLATION plain FROM "C";
	CREATE FUNCTION numbers() RETURNS SETOF int LANGUAGE sql AS 'SELECT generate_series(1, 72)';
	CREATE SEQUENCE counter;
});
my @stored_never = (
	[ subquery => 'id IN (SELECT id FROM good_ids)' ], [ exists => 'EXISTS (SELECT FROM good_ids AS g WHERE g.id = t.id)' ],
	[ scalar => 'id <= (SELECT max(id) FROM good_ids)' ], [ array => 'id = ANY (ARRAY(SELECT id FROM good_ids))' ],
	[ function => 'is_fine(text)' ], [ qualified_function => 'public.is_fine(text)' ], [ operator => q{text ~~~ 'a'} ], [ qualified_operator => q{text OPERATOR(public.~~~) 'a'} ],
	[ domain => q{text::words <> ''} ], [ constant => q{'a'::words <> text} ], [ enum => q{label::mood IN ('pos', 'neg')} ], [ collation => q{text > '' COLLATE plain} ],
	[ any_enum => q{label = ANY (enum_range(NULL::mood)::text[])} ],
	[ system_column => q{ctid IS NOT NULL} ], [ table_of_row => q{tableoid <> 0} ], [ whole_row => q{t IS NOT NULL} ], [ whole_row_text => q{t::text <> ''} ],
	[ set => q{id IN (SELECT numbers())} ], [ role => q{current_user <> ''} ], [ setting => q{coalesce(current_setting('a.b', true), '') <> 'x'} ],
	[ volatile => 'random() < 2' ], [ sequence => q{nextval('counter') > 0} ], [ dynamic => q{query_to_xml('SELECT 1', true, true, '')::text <> ''} ],
	[ name_of_relation => q{'good_ids'::regclass <> 0} ], [ regtype => q{'words'::regtype <> 0} ], [ sleep => q{pg_sleep(0)::text = ''} ],
	[ cast_of_array => q{(ARRAY[text]::words[])[1] <> ''} ], [ case => q{CASE WHEN is_fine(text) THEN true END} ], [ hidden_in_comment => "id > 0 -- \n AND is_fine(text)" ]);
my @no_filters = ([ aggregate => 'count(*) > 1' ], [ window => 'row_number() OVER () > 0' ], [ set_returning => 'generate_series(1, 2) > 0' ], [ two => 'true) OR (true' ],
	[ statement => 'true; DROP TABLE good_ids' ], [ not_boolean => 'id' ], [ parameter => '$1 > 0' ], [ unknown_column => 'nothing > 0' ]);
my @stored = ([ plain => 'id > 0' ], [ texts => q{lower(text) LIKE '%' AND length(text) > 1} ], [ qualified => q{t.id OPERATOR(pg_catalog.>) 0} ], [ cast => q{id::text <> '' AND text::varchar <> ''} ],
	[ date => q{now() > date_trunc('day', '2020-01-01'::timestamptz)} ]);

# the trainings: any filter serves once, with a warning if it is not kept
{
	my ($said, undef, $all) = session($node, team => (map { my ($name, $filter) = @$_; [ $name => 'SELECT 0; ' . models_sql("filter_$name", 'reviews', "filter => \$f\$$filter\$f\$") =~ s/;\s*$//r ] } @stored_never, @stored),
		(map { [ $_->[0] => "SELECT version FROM sentiment_train('no_filter', 'reviews', filter => \$f\$$_->[1]\$f\$)" ] } @no_filters));
	my @warnings = $all =~ /filter is not kept for retraining/g;
	is(scalar @warnings, 2 * @stored_never, 'each training says that its filter is not kept');
	unlike($said->{ $_->[0] }, qr/^error/m, "trained once with filter $_->[0]") foreach @stored_never, @stored;
	like($said->{ $_->[0] }, qr/^error/, "no filter: $_->[0]") foreach @no_filters;
	is($node->safe_psql('postgres', q{SELECT count(*) FROM sentiment_models WHERE model = 'no_filter'}), '0', 'nothing was trained by them');
	is($node->safe_psql('postgres', 'SELECT count(*) FROM good_ids'), '72', 'nor run');
	# named for the model, or for the monitor: refused
	foreach my $place ("sentiment_set_source('filter_plain', 'reviews', filter => F)", "sentiment_monitor('filter_plain', 'reviews', label_column => 'label', filter => F)",
		"sentiment_import_model(sentiment_export_model('filter_plain'), 'imported', 'reviews', 'text', 'label', F)")
	{
		($said) = session($node, team => map { my ($name, $filter) = @$_; [ $name => "BEGIN; SELECT $place" =~ s/\bF\b/\$f\$$filter\$f\$/r . ";\n\\if :ERROR\n\\echo error :SQLSTATE\n\\endif\nROLLBACK" ] } @stored_never, @no_filters, @stored);
		my ($function) = $place =~ /^(\w+)/;
		like($said->{ $_->[0] }, qr/^error 0A000/m, "$function: filter $_->[0] is not stored") foreach @stored_never;
		like($said->{ $_->[0] }, qr/^error (4|0A)/m, "$function: no filter: $_->[0]") foreach @no_filters;
		unlike($said->{ $_->[0] }, qr/^error/m, "$function: filter $_->[0] is stored") foreach @stored;
	}
}
# what earlier releases have stored, used in a session with shadows
foreach my $case (@stored_never)
{
	my ($name, $filter) = @$case;
	my $model = "filter_$name";
	$node->safe_psql('postgres', qq{SET session_replication_role = replica;
		UPDATE sentiment.model_version AS v SET filter = \$f\$$filter\$f\$ FROM sentiment.model AS m WHERE m.model_id = v.model_id AND m.name = '$model';
		RESET session_replication_role; SELECT sentiment_set_owner('$model', 'postgres')}) if $name =~ /^(subquery|exists|function|operator|domain|constant|cast_of_array|name_of_relation)$/;
	my ($said) = try_all("filter $name", evil => $model, [ shadows => $shadows ]);
	# names of relations and types are numbers once they are stored, and 1 too: as constants they are as simple as those
	if ($name =~ /^(name_of_relation|regtype)$/)
	{
		like($said->{retrain}, qr/^(promoted|kept|failed)/, "filter $name: a retraining answers");
		next;
	}
	# (what cannot even be found by the names that are built in is told as that)
	my $reason = qr/simple expression|use columns only|does not exist/;
	like($said->{gate}, qr/min_f1 [tf] the rows.*$reason/, "filter $name: the gate says why not");
	like($said->{retrain}, qr/^failed.*$reason/s, "filter $name: so does a retraining");
	like($said->{'task retrain'}, qr/^(failed|error).*$reason/s, "filter $name: and a task");
	like($said->{validate}, qr/^error .*$reason/s, "filter $name: and a validation");
	like($said->{pipeline}, $reason, "filter $name: and the pipeline");
	is($node->safe_psql('postgres', qq{SELECT filter = \$f\$$filter\$f\$ FROM sentiment_model_versions WHERE model = '$model' AND version = 1}), 't', 'the filter can still be read');
}
foreach my $case (@stored)
{
	my ($said) = try_all("filter $case->[0]", evil => "filter_$case->[0]", [ shadows => $shadows ]);
	like($said->{gate}, qr/min_f1 [tf] \d/, "filter $case->[0]: the gate measures");
	like($said->{retrain}, qr/^(promoted|kept)/, 'a retraining trains');
}
# simple only by the search_path of who trained: by another one it would be another function
$node->safe_psql('postgres', q{CREATE SCHEMA own AUTHORIZATION team; SET ROLE team;
	CREATE FUNCTION own.lower(t varchar) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper(t)';
	CREATE FUNCTION own.length(t text) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 0';
	CREATE DOMAIN own.int4 AS pg_catalog.int4 CHECK (VALUE > -9)});
{
	my $path = 'SET search_path = own, pg_catalog, public; ';
	my ($said, undef, $all) = session($node, team =>
		  [ train => $path . models_sql('by_path', 'reviews', q{filter => 'lower(text::varchar) = upper(text)'}) =~ s/;\s*$//r ],
		[ set => $path . q{SELECT sentiment_set_source('by_path', 'reviews', filter => 'lower(text::varchar) = upper(text)')} ],
		[ set_length => $path . q{SELECT sentiment_set_source('by_path', 'reviews', filter => 'length(text) = 0')} ],
		[ set_type => $path . q{SELECT sentiment_set_source('by_path', 'reviews', filter => 'id::int4 > 0')} ]);
	like($all, qr/filter is not kept/, 'a filter that is simple by another search_path only: not kept');
	like($said->{$_}, qr/^error 0A000/, "nor stored: $_") foreach qw(set set_length set_type);
	like((try_all('filter by path', evil => 'by_path', [ shadows => $shadows ]))[0]->{retrain}, qr/^failed/, 'nor used');
}

# ---- a source in a temporary schema, which is another session's later
my $temporary = q{CREATE TEMP TABLE tmp_reviews AS SELECT * FROM reviews; CREATE TEMP VIEW tmp_view AS SELECT * FROM reviews; CREATE VIEW over_temp AS SELECT * FROM tmp_reviews;
	CREATE TEMP TABLE tmp_parts (LIKE reviews) PARTITION BY LIST (label); CREATE TEMP TABLE tmp_part PARTITION OF tmp_parts DEFAULT; INSERT INTO tmp_parts SELECT * FROM reviews;
	SET client_min_messages = warning;};
my @temporary = qw(tmp_reviews tmp_view over_temp tmp_parts);
$node->safe_psql('postgres', $temporary . join '', map { models_sql($_, $_) } @temporary);
is($node->safe_psql('postgres', q{SELECT count(*) FROM sentiment_model_versions WHERE model IN ('tmp_reviews', 'tmp_view', 'over_temp', 'tmp_parts') AND source_schema ~ '^pg_temp'}), '0',
	'no temporary schema is stored');
my $mine = join ";\n", hostile_code('evil', 'pg_temp', 'temporary'),
  (map { "CREATE TEMP VIEW $_ AS SELECT i AS id, pg_temp.touch('good w' || i % 5) AS text, CASE WHEN i % 6 < 3 THEN 'pos' ELSE 'neg' END AS label FROM generate_series(1, 72) AS i; GRANT SELECT ON $_ TO PUBLIC" } @temporary), '';
$mine =~ s/;\s*;/;/g;
foreach my $model (@temporary)
{
	# as it is, and as earlier releases have stored it: the schema of evil's session, or a name that stands for any
	foreach my $schema ('', 'evils', 'pg_temp', 'pg_toast', 'pg_temp_9999')
	{
		my @prepare = ([ temporary => $mine ]);
		$node->safe_psql('postgres', q{CREATE OR REPLACE FUNCTION audit.store_schema(model text, schema text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
			BEGIN
				SET LOCAL session_replication_role = replica;
				UPDATE sentiment.model_version AS v SET source_schema = schema, source_name = m.name FROM sentiment.model AS m WHERE m.model_id = v.model_id AND m.name = model;
			END $$});
		push @prepare, [ schema => "SELECT audit.store_schema('$model', " . ($schema eq 'evils' ? 'pg_my_temp_schema()::regnamespace::text' : "'$schema'") . ')' ] if $schema;
		my ($said, $runs) = try_all("temporary $model $schema", evil => $model, @prepare);
		like($said->{gate}, qr/min_f1 (?![tf] \d).*(source|exist|gone)/, 'the gate says why not');
		like($said->{retrain}, qr/^failed.*sentiment_set_source|^failed.*(exist|gone)/s, 'so does a retraining');
		is_deeply([ grep { /temporary/ } map { keys %$_ } values %$runs ], [], 'nothing of it has run');
		last if $model ne 'tmp_reviews' && $schema eq 'evils';
	}
}
# a permanent table that is dropped, and made anew as a temporary one; or in a schema that takes the name of its own
$node->safe_psql('postgres', 'SET ROLE team;' . rows_sql('passing') . models_sql('passing', 'passing') . 'DROP TABLE passing');
like((try_all('dropped', evil => 'passing', [ shadows => $mine =~ s/tmp_view/passing/gr ]))[0]->{retrain}, qr/^failed.*(is gone|does not exist)/, 'a temporary table does not take the name of one that is gone');
$node->safe_psql('postgres', 'CREATE SCHEMA place; GRANT USAGE ON SCHEMA place TO PUBLIC;' . rows_sql('place.reviews') . 'GRANT SELECT ON place.reviews TO team; SET ROLE team;' . models_sql('place', 'place.reviews')
	  . 'RESET ROLE; GRANT CREATE ON DATABASE postgres TO evil; ALTER SCHEMA place RENAME TO gone; SET ROLE evil; CREATE SCHEMA place; GRANT USAGE ON SCHEMA place TO PUBLIC;' . hostile_code('evil', 'place', 'place')
	  . q{CREATE VIEW place.reviews AS SELECT i AS id, place.touch('good w' || i % 5) AS text, CASE WHEN i % 6 < 3 THEN 'pos' ELSE 'neg' END AS label FROM generate_series(1, 72) AS i});
like((try_all('schema replaced', evil => 'place'))[0]->{retrain}, qr/^failed.*may not read/, 'who takes the place of a schema is not read without being asked');
$node->safe_psql('postgres', 'SET ROLE evil; GRANT SELECT ON place.reviews TO team, PUBLIC');
like((try_all('schema replaced', evil => 'place'))[0]->{retrain}, qr/^(promoted|kept)/, 'else it is read as its owner');
# a temporary child of a table, of this session or of another: the rows of the others are not read, and nothing fails
{
	$node->safe_psql('postgres', 'GRANT CREATE ON SCHEMA public TO evil; SET ROLE evil;' . rows_sql('parent') . 'GRANT SELECT ON parent TO team; SET ROLE team;' . models_sql('parent', 'parent'));
	my ($out, $error) = ('', '');
	my $other = IPC::Run::start([ 'psql', '-X', '-d', $node->connstr('postgres'), '-U', 'evil', '-c', 'CREATE TEMP TABLE child () INHERITS (parent)', '-c', 'SELECT pg_sleep(100)' ], '>', \$out, '2>', \$error);
	ok($node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_class WHERE relname = 'child' AND relpersistence = 't'}), 'another session has a temporary child');
	my $child = hostile_code('evil', 'pg_temp', 'child') . q{CREATE TEMP TABLE child (CHECK (pg_temp.fine('x'))) INHERITS (parent); CREATE INDEX ON child (id) WHERE pg_temp.fine('x')};
	foreach my $preparation ([ nothing => 'SELECT 1' ], [ child => $child ])
	{
		my ($said) = try_all("temporary child: $preparation->[0]", evil => 'parent', $preparation);
		# (what the caller has in his temporary schema is not for others to read, and the read may be refused for it)
		like($said->{retrain}, $preparation->[0] eq 'child' ? qr/^(promoted|kept|failed)/ : qr/^(promoted|kept)/, 'a retraining answers');
	}
	$node->safe_psql('postgres', q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(100)%' AND usename = 'evil'});
	IPC::Run::finish($other);
}

# ---- the owner of the source puts a view in its place; or gives a column a type whose cast is his
$node->safe_psql('postgres', 'CREATE ROLE app LOGIN; CREATE SCHEMA app AUTHORIZATION app; CREATE SCHEMA app2 AUTHORIZATION app; SET ROLE app;' . rows_sql('app.reviews') . rows_sql('app2.reviews')
	  . hostile_code('app', 'app', 'app') . 'RESET ROLE;' . models_sql('replaced', 'app.reviews') . models_sql('cast', 'app2.reviews')
	  . q{SELECT sentiment_grant(m, 'app', 'train') FROM unnest('{replaced,cast}'::text[]) AS m; SET ROLE app;
	ALTER TABLE app.reviews RENAME TO reviews_data;
	CREATE VIEW app.reviews AS SELECT id, app.touch(text) AS text, label FROM app.reviews_data;
	CREATE TYPE app2.lab AS ENUM ('pos', 'neg');
	CREATE FUNCTION app2.pwn(l app2.lab) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM app.touch('x'); RETURN 'pos'; END $$;
	CREATE CAST (app2.lab AS text) WITH FUNCTION app2.pwn(app2.lab);
	ALTER TABLE app2.reviews ALTER label TYPE app2.lab USING label::app2.lab});
foreach my $model (qw(replaced cast))
{
	my ($said, $runs) = try_all($model, app => $model);
	like($said->{gate}, qr/min_f1/, "$model: the gate answers");
	ok((grep { /code of app ran as app/ } map { keys %$_ } values %$runs), "$model: the code runs as its author");
	try_all("$model by a superuser", postgres => $model);
}

# ---- overloads of what the library's own SQL calls, in the schema of the extension
foreach my $answer ('PERFORM public.touch_of_stranger(); RETURN public.sentiment_validation_add(s, a, b, NULL::float8[], NULL::float8[], e);', 'RETURN 4702111234474983745;')
{
	my $type = $answer =~ /4702/ ? 'int8' : 'sentiment_validation';
	$node->safe_psql('postgres', qq{
		SET ROLE stranger;
		CREATE FUNCTION public.touch_of_stranger() RETURNS void LANGUAGE plpgsql AS \$\$ BEGIN PERFORM audit.note('stranger', 'overload', current_user::text);
			IF current_user <> 'stranger' THEN EXECUTE 'ALTER ROLE stranger SUPERUSER'; END IF; END \$\$;
		CREATE FUNCTION public.vf(s $type, a text, b text, c text, d text, e jsonb) RETURNS $type LANGUAGE plpgsql AS \$\$ BEGIN $answer END \$\$;
		CREATE AGGREGATE public.sentiment_validation_agg(text, text, text, text, jsonb) (SFUNC = public.vf, STYPE = $type);
		CREATE FUNCTION public.sentiment_retrain(model text) RETURNS TABLE (retraining_id int8, status text, version int4, promoted bool, previous_version int4, message text)
			LANGUAGE plpgsql AS \$\$ BEGIN PERFORM public.touch_of_stranger(); END \$\$;
		CREATE FUNCTION public.sentiment_check_drift(model text) RETURNS TABLE (feature text, statistic text, value float8, p_value float8, threshold float8, drifted bool)
			LANGUAGE plpgsql AS \$\$ BEGIN PERFORM public.touch_of_stranger(); END \$\$;
	});
	my ($said, $runs) = session($node, postgres => [ contract => q{SELECT count(*) FROM sentiment_validate(contract => '{}', source => 'reviews')} ],
		[ model => q{SELECT count(*) FROM sentiment_validate('filter_plain', 'reviews')} ], [ task => q{SELECT sentiment_run_task('filter_plain', 'retrain')} ],
		[ pipeline => q{SELECT status FROM sentiment_run_pipeline('filter_plain', kinds => '{logistic_regression}')} ]);
	like($said->{$_}, qr/^\d/, "an overload that answers $type: $_ by a superuser") foreach qw(contract model);
	like($said->{$_}, qr/^(promoted|kept)/, "$_ works") foreach qw(task pipeline);
	is_deeply([ map { keys %$_ } values %$runs ], [], 'the overload does not run');
	is(superusers($node), 'postgres', 'nobody has become superuser');
	$node->safe_psql('postgres', q{DROP AGGREGATE public.sentiment_validation_agg(text, text, text, text, jsonb); DROP FUNCTION public.vf, public.touch_of_stranger, public.sentiment_retrain(text), public.sentiment_check_drift(text)});
}

# ---- a version that only may be asked by who may train, asked through an aggregate
{
	$node->safe_psql('postgres', q{SET ROLE team; SELECT sentiment_train('filter_plain', 'reviews', deploy => 'never', params => '{"C": 3}')});
	my $candidate = $node->safe_psql('postgres', q{SELECT max(version) FROM sentiment_model_versions WHERE model = 'filter_plain' AND stage = 'candidate'});
	my @ask = ([ score => "SELECT sentiment_score('a lovely good text', 'filter_plain', version => $candidate)" ],
		[ profile => "SELECT sentiment_drift_profile_summary(sentiment_drift_profile_agg('filter_plain', $candidate, 'a lovely good text', NULL, NULL, 1))" ],
		[ check_drift => "SELECT count(*) FROM sentiment_check_drift('filter_plain', 'good_ids', version => $candidate, store => false)" ]);
	$node->safe_psql('postgres', 'GRANT SELECT ON good_ids TO asker, evil');
	my ($said) = session($node, asker => @ask);
	like($said->{ $_->[0] }, qr/^error 42501/, "who may only ask gets no $_->[0] of a candidate") foreach @ask;
	($said) = session($node, evil => @ask);
	unlike($said->{ $_->[0] }, qr/^error/, "who may train does: $_->[0]") foreach @ask[ 0, 1 ];
	($said) = session($node, stranger => @ask);
	like($said->{ $_->[0] }, qr/^error 42501/, "a stranger does not: $_->[0]") foreach @ask;
}

# ---- errors of rows that quote what they hold: not to who may not read it, nor kept where he may
my $secret = 'TOP-SECRET-4711';
my $quoted = qr/TOP-|SECRET/;
my $rows = rows_sql('private.data') . q{ALTER TABLE private.data ADD code text; UPDATE private.data SET code = (id % 7)::text;};
# what reads the rows of S.data; and then what becomes of one row
my @leaks = (
	[ 'cast in the filter', 'SELECT * FROM S.data', q{code::int < 9}, qq{'$secret'} ],
	[ 'date in the filter', 'SELECT *, NULL::text AS more FROM S.data', q{to_date(code, 'YYYY') < 'tomorrow'}, qq{'$secret'} ],
	[ 'cast', 'SELECT *, code::int AS number FROM S.data WHERE code::int < 9', undef, qq{'$secret'} ],
	[ 'timestamp', q{SELECT * FROM S.data WHERE coalesce(nullif(code, code)::timestamp, now()) < now() + interval '1 day' AND CASE WHEN length(code) > 3 THEN code::timestamp > now() ELSE true END}, undef, qq{'$secret'} ],
	[ 'JSON', q{SELECT * FROM S.data WHERE code::json IS NOT NULL}, undef, q{'{"a": SECRET}'} ],
	[ 'array', q{SELECT * FROM S.data WHERE ('{' || code || '}')::int[] IS NOT NULL}, undef, qq{'$secret'} ],
	[ 'pattern', q{SELECT * FROM S.data WHERE 'x' ~ code OR true AND code IS NOT NULL AND 'x' !~ code}, undef, qq{'$secret('} ],
	[ 'tsquery', q{SELECT * FROM S.data WHERE code::tsquery IS NOT NULL}, undef, qq{'$secret & ('} ],
	[ 'enum', q{SELECT id, text, label, CASE WHEN length(code) > 3 THEN code::S.mood END AS m FROM S.data WHERE CASE WHEN length(code) > 3 THEN code::S.mood IS NOT NULL ELSE true END}, undef, qq{'$secret'} ],
	[ 'domain', q{SELECT id, text::S.short AS text, label FROM S.data}, undef, undef, qq{text = repeat('$secret', 9)} ],
	[ 'division', q{SELECT * FROM S.data WHERE 1 / (length(code) - 15) < 9}, undef, qq{'$secret'} ],
	[ 'raise', q{SELECT id, S.shout(text) AS text, label FROM S.data}, undef, undef, qq{text = '$secret'} ],
	[ 'raise with a SQLSTATE of the server', q{SELECT id, S.shout_as_server(text) AS text, label FROM S.data}, undef, undef, qq{text = '$secret'} ],
	[ 'raise as if cancelled', q{SELECT id, S.shout_as_cancel(text) AS text, label FROM S.data}, undef, undef, qq{text = '$secret'} ],
	[ 'notices', q{SELECT id, S.whisper(text) AS text, label FROM S.data}, undef, undef, qq{text = '$secret'} ],
	[ 'unique key', q{SELECT id, S.once(text) AS text, label FROM S.data}, undef, undef, qq{text = '$secret' WHERE id IN (1, 2)} ],
	[ 'labels', q{SELECT id, text, code AS label FROM S.data WHERE length(code) > 3}, undef, qq{'$secret' WHERE id < 40} ],
	[ 'labels that are too long', q{SELECT id, text, code AS label FROM S.data}, undef, qq{repeat('$secret', 999) WHERE id < 40} ],
	[ 'one row', q{SELECT id, text, label FROM S.data WHERE length(code) > 3}, undef, qq{'$secret'} ],
);
$node->safe_psql('postgres', q{CREATE SCHEMA private; GRANT USAGE ON SCHEMA private TO PUBLIC; GRANT CREATE ON SCHEMA private TO team; CREATE ROLE reader LOGIN; SET ROLE team});
my $number = 0;
my @models;
$node->safe_psql('postgres', 'CREATE EXTENSION pg_cron; GRANT USAGE ON SCHEMA cron TO team; SET ROLE team;' . rows_sql('private.data') . q{
	CREATE TABLE private.reviews AS SELECT *, (id % 7)::text AS code FROM private.data;} . models_sql('of_job', 'private.reviews', q{filter => 'code::int < 9'}) . qq{
	SELECT sentiment_monitor('of_job', 'private.reviews', label_column => 'label', filter => 'code::int < 9', cooldown => '0');
	UPDATE private.reviews SET code = '$secret' WHERE id = 6});
$node->safe_psql('postgres', "SELECT sentiment_schedule('of_job', '0 3 1 1 *', '$_')", extra_params => [ '-U', 'team' ]) foreach qw(check_drift pipeline);
foreach my $leak (@leaks)
{
	my ($what, $view, $filter, $code, $set) = @$leak;
	my $model = sprintf 'leak%02d', ++$number;
	my $change = $code ? "code = $code" : $set;
	my $arguments = $filter ? "filter => \$f\$$filter\$f\$" : '';
	my $monitored = $filter ? ", filter => \$f\$$filter\$f\$" : '';
	my $where = $change =~ /WHERE/ ? '' : 'WHERE id = 6';
	my $error = '';
	# trained before the row is what it is; where the view would not have rows then, from the table
	my $first = $what =~ /^(labels|one row)/ ? 'data' : 'reviews';
	is($node->psql('postgres', qq{
		CREATE SCHEMA $model AUTHORIZATION team; GRANT USAGE ON SCHEMA $model TO PUBLIC; SET ROLE team;
		} . rows_sql("$model.data") . qq{
		ALTER TABLE $model.data ADD code text; UPDATE $model.data SET code = (id % 7)::text;
		CREATE TYPE $model.mood AS ENUM ('pos', 'neg');
		CREATE DOMAIN $model.short AS text CONSTRAINT short CHECK (length(VALUE) < 100);
		CREATE TABLE $model.seen (t text PRIMARY KEY);
		CREATE FUNCTION $model.shout(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS \$\$ BEGIN IF t ~ 'SECRET' THEN RAISE EXCEPTION 'a row has %', t USING DETAIL = t, HINT = t, COLUMN = t, CONSTRAINT = t; END IF; RETURN t; END \$\$;
		CREATE FUNCTION $model.shout_as_server(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS \$\$ BEGIN IF t ~ 'SECRET' THEN RAISE EXCEPTION 'a row has %', t USING ERRCODE = '53200', DETAIL = t; END IF; RETURN t; END \$\$;
		CREATE FUNCTION $model.shout_as_cancel(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS \$\$ BEGIN IF t ~ 'SECRET' THEN RAISE EXCEPTION 'a row has %', t USING ERRCODE = '40001', DETAIL = t; END IF; RETURN t; END \$\$;
		CREATE FUNCTION $model.whisper(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS \$\$ BEGIN IF t ~ 'SECRET' THEN RAISE WARNING 'a row has %', t; RAISE NOTICE 'a row has %', t; RAISE LOG 'a row has %', t;
			RAISE DEBUG 'a row has %', t; END IF; RETURN t; END \$\$;
		CREATE FUNCTION $model.note(t text) RETURNS void LANGUAGE sql AS 'INSERT INTO $model.seen VALUES (t)';
		CREATE FUNCTION $model.once(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS \$\$ BEGIN IF t ~ 'SECRET' THEN PERFORM $model.note(t); END IF; RETURN t; END \$\$;
		CREATE VIEW $model.reviews AS } . $view =~ s/\bS\b/$model/gr . qq{;
		} . models_sql($model, "$model.$first", $arguments) . ($first eq 'reviews' ? '' : qq{
		SELECT sentiment_set_source('$model', '$model.reviews');}) . qq{
		SELECT sentiment_grant('$model', 'reader', 'train');
		UPDATE $model.data SET $change $where;
		RESET ROLE; GRANT SELECT ON $model.reviews, $model.data TO reader;
	}, stderr => \$error, on_error_stop => 1), 0, "$what: is set up") or diag($error), next;
	push @models, $model;
	my $monitor = "SELECT sentiment_monitor('$model', '$model.reviews', label_column => 'label', cooldown => '0'$monitored)";
	foreach my $level (qw(warning debug5))
	{
		my $offset = -s $node->logfile;
		# with a contract the rows are first read to be validated, else to be learned from
		$node->safe_psql('postgres', qq{SET ROLE team; SELECT sentiment_set_contract('$model', '{"labels": ["neg", "pos"]}')}) if $level eq 'debug5';
		my @session = ([ listen => "LISTEN sentiment_events; SET client_min_messages = $level" ], (map { [ $_->[0], ($_->[1] =~ s/'M'/'$model'/gr) . ";\n\\errverbose\nSELECT 1" ] } @attempts, [ 'rollback', q{SELECT sentiment_rollback('M')} ]),
			[ 'validate and store', qq{SELECT count(*) FROM sentiment_validate('$model', store => true)} ]);
		my ($said, undef, $all) = session($node, evil => @session);
		unlike($all, $quoted, "$what: nothing is shown to who may not read the rows, with client_min_messages $level");
		# the plain text is what the server's log is for
		like(slurp_file($node->logfile, $offset), $quoted, "$what: the server's log has it") if $what !~ /division|domain|^labels|one row|pattern/;
	}
	# with a monitor, too, if it can be set: it looks at the rows; and a workflow in workers
	$node->psql('postgres', "SET ROLE team; $monitor") if $what !~ /^(labels|one row)/;
	my (undef, undef, $all) = session($node, evil => map { [ $_->[0], $_->[1] =~ s/'M'/'$model'/gr ] } grep { $_->[0] =~ /task|check_drift/ } @attempts);
	unlike($all, $quoted, "$what: nor with a monitor");
	(undef, undef, $all) = session($node, evil => [ workers => "SELECT status, message FROM sentiment_run_pipeline('$model', kinds => '{logistic_regression,random_forest}')" ]);
	unlike($all, $quoted, "$what: nor by workers");
	# who may read the rows is told
	my ($said) = session($node, reader => map { [ $_->[0], $_->[1] =~ s/'M'/'$model'/gr ] } grep { $_->[0] =~ /^(retrain|gate|validate|pipeline)$/ } @attempts);
	like($said->{retrain}, $quoted, "$what: who may read the rows is told") if $what !~ /division|domain|notices|^labels|one row|pattern|JSON|unique/;
	like($said->{gate}, $quoted, "$what: by the gate too, with the detail") if $what !~ /division|domain|notices|^labels|one row|pattern/;
}
# a job of a role that may read the rows: what pg_cron keeps of its error is for such roles
{
	my $task = q{SELECT sentiment_run_task('of_job', 'check_drift')};
	my ($said) = session($node, team => [ task => $task ]);
	like($said->{task}, qr/^error .*SECRET/s, 'a task of a role that may read the rows fails with the whole error');
	# as pg_cron writes it down, if one waits for its minute
	$node->safe_psql('postgres', qq{INSERT INTO cron.job_run_details (jobid, runid, database, username, command, status, return_message, start_time, end_time)
		SELECT jobid, 900 + jobid, database, username, command, 'failed', \$m\$ERROR:  $said->{task}\$m\$, now(), now() FROM cron.job});
	foreach my $role (qw(evil asker))
	{
		my ($said, undef, $all) = session($node, $role => [ jobs => q{SELECT string_agg(j::text, '; ') FROM sentiment_jobs AS j} ], [ list => q{SELECT string_agg(j::text, '; ') FROM sentiment_list_jobs() AS j} ]);
		unlike($all, $quoted, "$role, who may not read the rows, is not shown what a job says of them");
		like($said->{jobs}, qr/failed/, 'only that it failed') if $role eq 'evil';
	}
	($said) = session($node, team => [ jobs => q{SELECT string_agg(j::text, '; ') FROM sentiment_jobs AS j} ]);
	like($said->{jobs}, qr/SECRET/, 'whose job it is, is');
}
# what is kept, after all of that: everything that a role may read of the extension's
my @relations = split /\n/, $node->safe_psql('postgres', q{SELECT c.oid::regclass FROM pg_class AS c JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
	JOIN pg_extension AS e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass WHERE e.extname = 'sentiment' AND c.relkind IN ('r', 'v') ORDER BY 1});
cmp_ok(scalar @relations, '>', 20, 'relations of the extension');
foreach my $role (qw(evil asker))
{
	my ($said) = session($node, $role => map { [ $_ => "SELECT count(*), min(t::text) FROM $_ AS t WHERE t::text ~ 'TOP-|SECRET'" ] } @relations);
	foreach my $relation (@relations)
	{
		like($said->{$relation}, qr/^(0\||error 42501)/, "$role reads nothing of it in $relation");
	}
}
{
	my @kept = map { [ $_ => "SELECT count(*) FROM $_ AS t WHERE t::text ~ 'TOP-|SECRET'" ] } qw(sentiment_retrainings sentiment_pipeline_runs sentiment_pipeline_steps);
	foreach my $role (qw(team reader postgres))
	{
		my ($said) = session($node, $role => @kept);
		like($said->{sentiment_retrainings}, qr/^[1-9]/, "$role, who may read the rows, reads it in sentiment_retrainings");
	}
	# the rights of today decide
	$node->safe_psql('postgres', join '', map { "GRANT SELECT ON $_.reviews TO evil;" } @models);
	my ($said) = session($node, evil => @kept);
	like($said->{sentiment_retrainings}, qr/^[1-9]/, 'so does who may now');
	$node->safe_psql('postgres', join '', map { "REVOKE SELECT ON $_.reviews FROM evil, reader;" } @models);
	($said) = session($node, $_ => @kept), like($said->{sentiment_retrainings}, qr/^0/, "$_, who may not any more, does not") foreach qw(evil reader);
}

$node->stop;
done_testing();
