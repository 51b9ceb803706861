# Stages, gates, the history and exported models through dump and restore, on a standby, and on another server.

use strict;
use warnings;
use Compress::Zlib ();
use FindBin;
use lib $FindBin::Bin;
use MIME::Base64;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SentimentTest;
use Test::More;

my $node = start_node('primary');
$node->safe_psql('postgres', reviews_sql('reviews', 600, 5));
$node->safe_psql('postgres', q{
	CREATE ROLE analyst;
	SELECT sentiment_train('m', 'reviews', params => '{"max_features": 1}', deploy => 'always');
	SELECT sentiment_train('m', 'reviews', deploy => 'never');
	SELECT sentiment_train('m', 'reviews', params => '{"C": 1}', deploy => 'never');
	SELECT sentiment_train('m', 'reviews', params => '{"C": 2}', deploy => 'never');
	SELECT sentiment_set_gate('m', '{"min_f1": 0.6}');
	SELECT sentiment_set_description('m', 'for tests');
	SELECT sentiment_promote('m', 2, reason => 'first promotion');
	SELECT sentiment_promote('m', 3, force => true, reason => 'by force');
	SELECT sentiment_rollback('m', 'and back');
	SELECT sentiment_retire('m', 4);
});
my %queries = (
	stages => q{SELECT version, stage, retired, stage_since, stage_reason FROM sentiment_model_versions WHERE model = 'm' ORDER BY version},
	history => q{SELECT history_id, action, version, stage, traffic, forced, reason, done_by, done_at FROM sentiment_deployments ORDER BY history_id},
	gate => q{SELECT sentiment_gate('m')},
	card => q{SELECT sentiment_model_card('m')},
	'what answered' => q{SELECT * FROM sentiment_deployed_at('m', (SELECT done_at FROM sentiment_deployments WHERE reason ~ '^by force'))},
);
my %before = map { $_ => $node->safe_psql('postgres', $queries{$_}) } keys %queries;
like($before{stages}, qr/^1\|archived.*\n2\|production.*\n3\|archived\|f.*\n4\|archived\|t/, 'stages');
like($before{'what answered'}, qr/^3\|1\|.*by force/, 'what answered when');

# a standby shows all of it, measures, exports, and refuses to change anything
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
is($standby->safe_psql('postgres', $queries{$_}), $before{$_}, "on the standby: $_") foreach sort keys %queries;
is($standby->safe_psql('postgres', q{SELECT check_name, passed FROM sentiment_check_gate('m', 3) WHERE check_name IN ('min_f1', 'must_beat') ORDER BY check_name}),
	"min_f1|t\nmust_beat|f", 'a gate is checked on a standby');
is($standby->safe_psql('postgres', q{SELECT md5(sentiment_export_model('m', 3))}),
	$node->safe_psql('postgres', q{SELECT md5(sentiment_export_model('m', 3))}), 'an export on a standby');
foreach my $command (q{sentiment_promote('m', 3)}, q{sentiment_promote('m', 3, 'staging')}, q{sentiment_rollback('m')},
	q{sentiment_retire('m', 3)}, q{sentiment_prune('m')}, q{sentiment_set_gate('m', '{}')}, q{sentiment_set_description('m', 'x')},
	q{sentiment_import_model(sentiment_export_model('m'), 'copy')})
{
	my ($result, $out, $err) = $standby->psql('postgres', "\\set VERBOSITY verbose\nSELECT $command");
	isnt($result, 0, "$command is refused");
	like($err, qr/25006/, 'as in a read-only transaction');
}

# a failover: the life goes on
$standby->promote;
is($standby->safe_psql('postgres', q{SELECT sentiment_rollback('m')}), '1', 'a rollback after the failover');
is($standby->safe_psql('postgres', q{SELECT sentiment_prune('m', 0)}), '3', 'pruning too');
$standby->stop;

# dump and restore
my $file = $node->data_dir . '/../dump.sql';
my $target = PostgreSQL::Test::Cluster->new('target');
$target->init;
$target->start;
command_ok([ 'pg_dump', '-d', $node->connstr('postgres'), '--no-owner', '--no-privileges', "--file=$file" ], 'dump');
command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $target->connstr('postgres'), '-f', $file ], 'restore');
is($target->safe_psql('postgres', $queries{$_}), $before{$_}, "after a restore: $_") foreach sort keys %queries;
is($target->safe_psql('postgres', q{SELECT passed FROM sentiment_check_gate('m', 2) WHERE check_name = 'min_f1'}), 't',
	'the gate reads the source as whoever has the name here');
is($target->safe_psql('postgres', q{SELECT sentiment_rollback('m')}), '1', 'a rollback along the restored history');
is($target->safe_psql('postgres', q{
		SELECT history_id > (SELECT max(history_id) FROM sentiment_deployments WHERE action <> 'rollback')
		FROM sentiment_deployments ORDER BY history_id DESC LIMIT 1}), 't', 'numbers of events go on');
my ($result, $out, $err) = $target->psql('postgres', 'DELETE FROM sentiment.deployment_history');
like($err, qr/only added/, 'the history is only added to, after a restore too');

# listeners are told
my $notified = $target->safe_psql('postgres', q{
	LISTEN sentiment_events;
	SELECT sentiment_promote('m', 3, 'staging');
	SELECT sentiment_promote('m', 3, force => true);
	SELECT sentiment_rollback('m');
	SELECT sentiment_retire('m', 3);
	SELECT version FROM sentiment_import_model(sentiment_export_model('m'), 'notified');
	SELECT sentiment_prune('m', 0);
	SELECT sentiment_drop_model('notified');
	SET sentiment.notify_events = off;
	SELECT sentiment_drop_model('m')});
is(join("\n", $notified =~ /with payload "(\{.*\})" received/g), join("\n",
	'{"event": "promote", "model": "m", "version": 3, "stage": "staging"}',
	'{"event": "promote", "model": "m", "version": 3}',
	'{"event": "rollback", "model": "m", "version": 1}',
	'{"event": "retire", "model": "m", "version": 3, "stage": "archived"}',
	'{"event": "import", "model": "notified", "version": 1}',
	'{"event": "prune", "model": "m", "versions": [2, 3, 4]}',
	'{"event": "drop", "model": "notified"}'), 'events');

# everybody may listen: an error that quotes a row of the source is not told
$notified = $node->safe_psql('postgres', q{
	SET client_min_messages = error;
	CREATE TABLE quoted AS SELECT 'good ' || i AS text, CASE WHEN i % 2 = 0 THEN 'pos' ELSE 'neg' END AS label, 'secret' AS number
		FROM generate_series(1, 100) AS i;
	SELECT sentiment_train('quoted', 'quoted');
	SELECT sentiment_monitor('quoted', 'quoted', label_column => 'label', filter => 'number::int > 0');
	LISTEN sentiment_events;
	SELECT status, message FROM sentiment_retrain('quoted');
	SELECT status, message FROM sentiment_run_pipeline('quoted');
	SELECT sentiment_drop_model('quoted')});
like($notified, qr/^failed\|.*"secret"/m, 'the caller is told of the error');
is(join("\n", map { s/_id": \d+/_id": N/r } $notified =~ /with payload "(\{.*\})" received/g), join("\n",
	'{"event": "retraining_failed", "model": "quoted", "retraining_id": N, "status": "failed", "trigger": "manual", "sqlstate": "22P02"}',
	'{"event": "pipeline_failed", "model": "quoted", "run_id": N, "status": "failed"}',
	'{"event": "drop", "model": "quoted"}'), 'listeners are told that there was one');

# an exported model, as text through a client, on a server without the source
my $other = start_node('other');
my $exported = $node->safe_psql('postgres', q{SELECT encode(sentiment_export_model('m', 2), 'base64')});
$exported =~ s/\s//g;
is($other->safe_psql('postgres', qq{SELECT model, version FROM sentiment_import_model(decode('$exported', 'base64'))}), 'm|1', 'import');
$other->safe_psql('postgres', q{SELECT sentiment_promote('m', 1, force => true)});
is(predictions($other, 'm'), predictions($node, 'm'), 'the same predictions, to the last digit');
is($other->safe_psql('postgres', q{SELECT metrics FROM sentiment_model_versions}),
	$node->safe_psql('postgres', q{SELECT metrics FROM sentiment_model_versions WHERE model = 'm' AND version = 2}), 'the same metrics');
$other->safe_psql('postgres', reviews_sql('reviews', 600, 5));
$other->psql('postgres', q{SET client_min_messages = notice; SELECT version FROM sentiment_train('m', 'reviews', deploy => 'never')},
	stdout => \my $version, stderr => \my $notices);
is($version, '2', 'it is trained on');
like($notices, qr/NOTICE:  version 2 of model m is a candidate$/m, 'what becomes of the version is left open');
is($other->safe_psql('postgres', q{SELECT passed FROM sentiment_check_gate('m', 2) WHERE check_name = 'min_f1'}), 't',
	'the next version is compared on texts that neither has seen');
# in a database of another encoding
$other->safe_psql('postgres', q{CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0});
$other->safe_psql('latin', 'CREATE EXTENSION sentiment');
is($other->safe_psql('latin', qq{SELECT version FROM sentiment_import_model(decode('$exported', 'base64'), 'latin')}), '1',
	'in another encoding');
is($other->safe_psql('latin', q{SELECT sentiment_deploy('latin', 1); SELECT sentiment_predict('a good w17', 'latin')}), "\n"
	. $node->safe_psql('postgres', q{SELECT sentiment_predict('a good w17', 'm')}), 'it answers there');

# the data contract goes with it, whatever the encoding
$node->safe_psql('postgres', q{SELECT sentiment_set_contract('m', '{"labels": ["neg", "pos", "größer"]}')});
my $contracted = $node->safe_psql('postgres', q{SELECT encode(sentiment_export_model('m', 2), 'base64')});
$contracted =~ s/\s//g;
$other->safe_psql('latin', qq{SELECT sentiment_import_model(decode('$contracted', 'base64'), 'contracted')});
is($other->safe_psql('latin', q{SET client_encoding = 'UTF8'; SELECT contract -> 'labels' ->> 2 = 'größer', in_force FROM sentiment_contracts
	WHERE model = 'contracted'}), 't|t', 'the contract in another encoding');

# what was exported before contracts were is read: a container of then (two words decide; it held out texts and had a gate)
my $old = do { local $/; open(my $file, '<', "$FindBin::Bin/exported_without_contract.gz.base64") or die $!; <$file> };
$old = Compress::Zlib::memGunzip(decode_base64($old));
$old = encode_base64($old, '');
$other->safe_psql('postgres', qq{SELECT sentiment_import_model(decode('$old', 'base64'), 'old'); SELECT sentiment_deploy('old', 1)});
is($other->safe_psql('postgres', q{SELECT sentiment_predict('good', 'old'), sentiment_predict('bad', 'old')}), 'pos|neg', 'an old export answers');
is($other->safe_psql('postgres', q{SELECT sentiment_gate('old') ->> 'min_f1', (SELECT count(*) FROM sentiment_contracts WHERE model = 'old')}),
	'0.6|0', 'an old export has its gate and no contract');
cmp_ok($other->safe_psql('postgres', q{SELECT count(*) FROM sentiment_check_drift('old', 'reviews', text_column => 'text')}), '>', 1,
	'drift from the reference of an old export');

$_->stop foreach $node, $target, $other;
done_testing();
