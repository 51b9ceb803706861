# Traps in a database: overloads of everything that the extension has, as a role that may create in its schema makes
# them. Each tells the server's log that it ran, as whom and from where: the log keeps it when a transaction is undone.
package HostileSchema;

use strict;
use warnings;
use Exporter 'import';
use PostgreSQL::Test::Utils;

our @EXPORT = qw(make_traps temp_traps_sql captures library_captures);

# What a trap calls. SECURITY DEFINER, so that the traps need no right; the trap gives the role that it ran as.
my $note_sql = q{
	CREATE SCHEMA noted;
	GRANT USAGE ON SCHEMA noted TO PUBLIC;
	CREATE FUNCTION noted.note(trap pg_catalog.text, role pg_catalog.text, stack pg_catalog.text) RETURNS pg_catalog.void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	BEGIN
		RAISE LOG 'TRAP (%) as (%) from (%)', trap, role, pg_catalog.replace(stack, E'\n', ' <- ');
	END $$;
	-- for views, domains and casts
	CREATE FUNCTION noted.note_of(trap pg_catalog.text) RETURNS pg_catalog.bool LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
	DECLARE
		stack pg_catalog.text;
	BEGIN
		GET DIAGNOSTICS stack = PG_CONTEXT;
		PERFORM noted.note(trap, current_user::pg_catalog.text, stack);
		RETURN true;
	END $$;
};

# As the hostile role: for every function and aggregate of the extension, in schemas public and trap, overloads with
# fewer arguments, with one argument as text or anyelement (an untyped NULL takes them), with all of them so, with
# VARIADIC; in schema trap, which is earlier on the path, and under the names without prefix, the same signature too.
my $overloads_sql = q{
	SET search_path = pg_catalog, pg_temp;
	DO $do$
	DECLARE
		f record;
		schema text;
		signatures text[];
		signature text;
		trap text;
		body text;
		n int;
		made int := 0;
	BEGIN
		FOR f IN
			SELECT p.proname, p.prokind = 'a' AS is_aggregate, p.prorettype, p.pronamespace = 'sentiment'::regnamespace AS is_internal,
				ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS u(t, i) ORDER BY i) AS types,
				CASE WHEN p.prokind = 'a' THEN 'bigint'
					WHEN p.proargmodes IS NOT NULL AND p.proargmodes && '{t,o}'::"char"[] THEN
						(SELECT 'TABLE (' || string_agg(format('%I %s', p.proargnames[i], format_type(p.proallargtypes[i], NULL)), ', ' ORDER BY i) || ')'
						 FROM generate_subscripts(p.proargmodes, 1) AS i WHERE p.proargmodes[i] IN ('t', 'o'))
					ELSE CASE WHEN p.proretset THEN 'SETOF ' ELSE '' END || format_type(p.prorettype, NULL) END AS result
			FROM pg_proc AS p
			JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
			JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND e.extname = 'sentiment'
			WHERE NOT '{internal,cstring}'::regtype[] && p.proargtypes::oid[]::regtype[]
				AND p.prorettype NOT IN ('internal'::regtype, 'cstring'::regtype, 'trigger'::regtype)
			ORDER BY p.oid
		LOOP
			n := cardinality(f.types);
			signatures := ARRAY(
				SELECT array_to_string(f.types[1:m], ', ') FROM generate_series(CASE WHEN f.is_aggregate THEN 1 ELSE 0 END, n) AS m
				UNION SELECT array_to_string(f.types[1:i - 1] || one || f.types[i + 1:], ', ') FROM generate_series(1, n) AS i, unnest('{text,anyelement}'::text[]) AS one
				UNION SELECT array_to_string(array_fill(one, ARRAY[m]), ', ') FROM generate_series(1, n) AS m, unnest('{text,anyelement}'::text[]) AS one
				UNION SELECT array_to_string(f.types[1:m] || 'VARIADIC text[]'::text, ', ') FROM generate_series(0, least(n, 2)) AS m WHERE NOT f.is_aggregate
				UNION SELECT array_to_string(f.types[1:m] || 'VARIADIC anyarray'::text, ', ') FROM generate_series(0, least(n, 2)) AS m WHERE NOT f.is_aggregate);
			FOREACH schema IN ARRAY '{public,trap}'::text[] LOOP
				FOREACH signature IN ARRAY signatures LOOP
					trap := format('%s.%s(%s)', schema, f.proname, signature);
					body := format('DECLARE stack pg_catalog.text; BEGIN GET DIAGNOSTICS stack = PG_CONTEXT;'
						' PERFORM noted.note(%L::pg_catalog.text, current_user::pg_catalog.text, stack); RETURN%s; END', trap,
						CASE WHEN f.result LIKE 'TABLE%' OR f.result LIKE 'SETOF%' OR f.prorettype = 'void'::regtype THEN '' ELSE ' NULL' END);
					BEGIN
						IF f.is_aggregate THEN
							EXECUTE format('CREATE FUNCTION trap.step_%s(bigint, %s) RETURNS bigint LANGUAGE plpgsql AS %L', made, signature, body);
							EXECUTE format('CREATE AGGREGATE %I.%I(%s) (SFUNC = trap.step_%s, STYPE = bigint)', schema, f.proname, signature, made);
						ELSE
							EXECUTE format('CREATE FUNCTION %I.%I(%s) RETURNS %s LANGUAGE plpgsql AS %L', schema, f.proname, signature, f.result, body);
						END IF;
						made := made + 1;
					EXCEPTION WHEN duplicate_function OR ambiguous_function OR invalid_function_definition OR datatype_mismatch OR wrong_object_type THEN
						NULL; -- another function has this signature already, the extension's own among them
					END;
				END LOOP;
			END LOOP;
		END LOOP;
		RAISE WARNING 'made % overloads', made;
	END $do$;
};

# Better matches of the server's own functions and operators, where those take arguments of several types.
my $built_in_sql = q{
	SET search_path = pg_catalog, pg_temp;
	DO $do$
	DECLARE
		schema text;
		trap text;
		f text[];
		body text := 'DECLARE stack pg_catalog.text; BEGIN GET DIAGNOSTICS stack = PG_CONTEXT;'
			' PERFORM noted.note(%L::pg_catalog.text, current_user::pg_catalog.text, stack); RETURN NULL; END';
	BEGIN
		FOREACH schema IN ARRAY '{public,trap}'::text[] LOOP
			FOREACH f SLICE 1 IN ARRAY '{
				{concat_ws,"text, text, text",text}, {concat_ws,"text, name, text",text}, {concat_ws,"text, text, text, text",text},
				{format,"text, text",text}, {format,"text, name",text}, {format,"text, text, text",text}, {format,"text, name, name",text},
				{jsonb_build_object,"text, text",jsonb}, {jsonb_build_object,"text, name",jsonb}, {jsonb_build_object,"text, text, text, text",jsonb},
				{json_build_object,"text, text",json}, {json_build_object,"text, json",json}, {json_build_object,"text, json, text, json",json},
				{array_position,"text[], text",int4}, {array_to_string,"text[], text",text}, {cardinality,"text[]",int4}, {cardinality,"bigint[]",int4},
				{to_jsonb,float8,jsonb}, {to_jsonb,text,jsonb}, {array_append,"text[], text","text[]"}, {concat,"text, text",text},
				{greatest,"timestamptz, timestamptz",timestamptz}, {coalesce,"text, text",text}}'::text[]
			LOOP
				trap := format('%s.%s(%s)', schema, f[1], f[2]);
				EXECUTE format('CREATE FUNCTION %I.%I(%s) RETURNS %s LANGUAGE plpgsql AS %L', schema, f[1], f[2], f[3], format(body, trap));
			END LOOP;
			FOREACH f SLICE 1 IN ARRAY '{
				{||,text,int2,text}, {||,text,int4,text}, {||,text,int8,text}, {||,text,float8,text}, {||,text,numeric,text}, {||,text,bool,text}, {||,text,name,text},
				{||,int8,text,text}, {||,int4,text,text}, {=,text,name,bool}, {=,name,varchar,bool}, {=,varchar,text,bool}, {<>,text,varchar,bool}, {=,int8,oid,bool},
				{=,int4,oid,bool}, {>,int4,float8,bool}, {<,int8,float8,bool}, {=,regclass,oid,bool}, {->,jsonb,varchar,jsonb}, {->>,jsonb,varchar,text},
				{?,jsonb,varchar,bool}, {-,timestamptz,text,timestamptz}}'::text[]
			LOOP
				trap := format('%s.operator %s(%s, %s)', schema, f[1], f[2], f[3]);
				EXECUTE format('CREATE FUNCTION %I.%I(%s, %s) RETURNS %s LANGUAGE plpgsql AS %L', schema, 'operator_' || f[1], f[2], f[3], f[4], format(body, trap));
				EXECUTE format('CREATE OPERATOR %I.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = %I.%I)', schema, f[1], f[2], f[3], schema, 'operator_' || f[1]);
			END LOOP;
		END LOOP;
	END $do$;
};

# Operators on the types of the extension.
my $types_sql = q{
	SET search_path = pg_catalog, pg_temp;
	DO $do$
	DECLARE
		own record;
		schema text;
		name text;
		other text;
		trap text;
		body text := 'DECLARE stack pg_catalog.text; BEGIN GET DIAGNOSTICS stack = PG_CONTEXT;'
			' PERFORM noted.note(%L::pg_catalog.text, current_user::pg_catalog.text, stack); RETURN NULL; END';
	BEGIN
		FOR own IN
			SELECT format_type(t.oid, NULL) AS type, t.typname
			FROM pg_type AS t
			JOIN pg_depend AS d ON d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'
			JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND e.extname = 'sentiment'
			WHERE t.typtype = 'b' AND t.typelem = 0
		LOOP
			FOREACH schema IN ARRAY '{public,trap}'::text[] LOOP
				FOREACH name IN ARRAY '{=,<>,<,||,+,->}'::text[] LOOP
					FOREACH other IN ARRAY ARRAY[own.type, 'text', 'jsonb', 'integer'] LOOP
						trap := format('%s.operator %s(%s, %s)', schema, name, own.type, other);
						EXECUTE format('CREATE FUNCTION %I.%I(%s, %s) RETURNS bool LANGUAGE plpgsql AS %L', schema, 'operator_' || name, own.type, other, format(body, trap));
						EXECUTE format('CREATE OPERATOR %I.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = %I.%I)', schema, name, own.type, other, schema, 'operator_' || name);
					END LOOP;
				END LOOP;
			END LOOP;
		END LOOP;
	END $do$;
};
# Casts of the types of the extension, with functions of the hostile role's schema. Only the owner of a type can make them.
my $casts_sql = q{
	SET search_path = pg_catalog, pg_temp;
	DO $do$
	DECLARE
		own text;
		other text;
		name text;
		n int := 0;
		body text := 'DECLARE stack pg_catalog.text; BEGIN GET DIAGNOSTICS stack = PG_CONTEXT;'
			' PERFORM noted.note(%L::pg_catalog.text, current_user::pg_catalog.text, stack); RETURN NULL; END';
	BEGIN
		FOR own IN
			SELECT format_type(t.oid, NULL)
			FROM pg_type AS t
			JOIN pg_depend AS d ON d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'
			JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND e.extname = 'sentiment'
			WHERE t.typtype = 'b' AND t.typelem = 0
		LOOP
			FOREACH other IN ARRAY '{text,bytea,jsonb,bigint}'::text[] LOOP
				n := n + 1;
				EXECUTE format('CREATE FUNCTION trap.cast_%s(%s) RETURNS %s LANGUAGE plpgsql AS %L', n, own, other, format(body, format('cast of %s to %s', own, other)));
				EXECUTE format('CREATE CAST (%s AS %s) WITH FUNCTION trap.cast_%s(%s) AS IMPLICIT', own, other, n, own);
				n := n + 1;
				EXECUTE format('CREATE FUNCTION trap.cast_%s(%s) RETURNS %s LANGUAGE plpgsql AS %L', n, other, own, format(body, format('cast of %s to %s', other, own)));
				EXECUTE format('CREATE CAST (%s AS %s) WITH FUNCTION trap.cast_%s(%s) AS IMPLICIT', other, own, n, other);
			END LOOP;
		END LOOP;
	END $do$;
};

# Make the traps of a database: the extension is in schema public, the role is "hostile". Answers how many overloads.
sub make_traps
{
	my ($node, $database) = @_;
	my $stderr;
	$node->safe_psql($database, $note_sql . 'CREATE SCHEMA trap AUTHORIZATION hostile; GRANT USAGE ON SCHEMA trap TO PUBLIC; GRANT CREATE ON SCHEMA public TO hostile;');
	foreach my $sql ($overloads_sql, $built_in_sql, $types_sql)
	{
		my $error;
		$node->psql($database, $sql, stderr => \$error, extra_params => [ '-U', 'hostile' ]) == 0 or die $error;
		$stderr .= $error;
	}
	$node->safe_psql($database, $casts_sql);
	return $stderr =~ /made (\d+) overloads/ ? $1 : 0;
}

# SQL with which a session puts views of the names of tables, views and catalogs, and domains of the names of types, into
# its own pg_temp, which is looked into first.
sub temp_traps_sql
{
	my ($node, $database) = @_;
	my @relations = split /\n/, $node->safe_psql($database, q{
		SELECT DISTINCT c.relname FROM pg_class AS c
		JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
		JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND e.extname = 'sentiment'
		WHERE c.relkind IN ('r', 'v')
		UNION SELECT unnest('{pg_class,pg_proc,pg_roles,pg_extension,pg_namespace,pg_depend,pg_type,pg_attribute,reviews,rows}'::text[])});
	my @types = split /\n/, $node->safe_psql($database, q{
		SELECT DISTINCT t.typname FROM pg_type AS t
		JOIN pg_depend AS d ON d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'
		JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND e.extname = 'sentiment'
		WHERE t.typtype = 'b' AND t.typelem = 0
		UNION SELECT unnest('{text,int4,int8,float8,jsonb,bytea,name,numeric,timestamptz,interval,regclass}'::text[])});
	return join("\n",
		'SET client_min_messages = error;',
		(map { qq{CREATE TEMP VIEW "$_" AS SELECT 1::pg_catalog.int8 AS model_id, 'm'::pg_catalog.text AS name, noted.note_of('pg_temp view $_') AS captured;
			GRANT SELECT ON pg_temp."$_" TO PUBLIC;} } @relations),
		(map { qq{CREATE DOMAIN pg_temp."$_" AS pg_catalog.text CHECK (noted.note_of('pg_temp type $_'));} } grep { my $type = $_; !grep { $_ eq $type } @relations } @types),
		'RESET client_min_messages;', '');
}

# The traps that the log tells of from a place on: [trap, role, stack].
sub captures
{
	my ($node, $offset) = @_;
	my $log = substr(slurp_file($node->logfile), $offset);
	my @captures;
	push @captures, [ $1, $2, $3 ] while $log =~ /LOG:  TRAP \((.*)\) as \((.*?)\) from \((.*)\)$/mg;
	return @captures;
}

# Those of them that SQL of the library has run into, rather than a caller's own call: the statement that called the trap
# was run by SPI, and not by PL/pgSQL of the caller.
sub library_captures
{
	return grep {
		my $stack = $_->[2];
		# the trap's own frame
		$stack =~ s/^PL\/pgSQL function .*? line \d+ at GET DIAGNOSTICS( <- )?//;
		my ($before, $caller) = $stack =~ /^(.*?)(PL\/pgSQL function .*|SQL function .*|$)/;
		my $statements = () = $before =~ /SQL statement "|SQL expression "|PL\/pgSQL assignment/g;
		$caller =~ /^(PL\/pgSQL|SQL) function "?((public|sentiment|clean)\.)?(sentiment_|card_)/ ? 1
			: $caller ne '' ? $statements > 1
			: $statements > 0;
	} @_;
}

1;
