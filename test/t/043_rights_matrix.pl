# The matrix of rights: every function of the extension, asked by every kind of role, of a model of its own, of somebody
# else's, of a candidate version, and of a model that is dropped; every view and table, by what each role sees in it.
# A function, view or table that the tables here do not name makes the test fail, and so does a name that is none.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# What each role has of the model "shared". The exporter's has what it is granted, as any other.
my %level = (super => 4, owner => 3, admin => 3, train => 2, predict => 1, exporter => 1, source => 0, stranger => 0);
my @roles = qw(super owner admin train predict exporter source stranger);
my %role_name = (super => 'postgres', exporter => 'sentiment_exporter', map { $_ => "matrix_$_" } qw(owner admin train predict source stranger));
my %needed = (all => 0, predict => 1, train => 2, admin => 3, super => 4);
# Who may read the table "private_rows", which "shared" is trained from: the source's owner, and who was granted that.
my %may_read = map { $_ => 1 } qw(super owner source);

# ---- the functions
#
# Those that are about values alone: type I/O, statistics, what aggregates are made of, trigger functions, lists of what the
# library knows. Everybody may call them, and there is nothing else to ask.
my @of_values = qw(
	sentiment_confusion_in sentiment_confusion_out sentiment_confusion_recv sentiment_confusion_send
	sentiment_corpus_in sentiment_corpus_out sentiment_corpus_recv sentiment_corpus_send sentiment_corpus_combine
	sentiment_drift_profile_in sentiment_drift_profile_out sentiment_drift_profile_recv sentiment_drift_profile_send
	sentiment_drift_profile_combine sentiment_drift_profile_final sentiment_drift_profile_summary
	sentiment_histogram_in sentiment_histogram_out sentiment_histogram_recv sentiment_histogram_send
	sentiment_histogram_pair_in sentiment_histogram_pair_out sentiment_histogram_pair_recv sentiment_histogram_pair_send
	sentiment_model_in sentiment_model_out sentiment_model_recv sentiment_model_send
	sentiment_scored_rows_in sentiment_scored_rows_out sentiment_scored_rows_recv sentiment_scored_rows_send
	sentiment_validation_in sentiment_validation_out sentiment_validation_recv sentiment_validation_send
	sentiment_vector_in sentiment_vector_out sentiment_vector_recv sentiment_vector_send
	sentiment_vocabulary_in sentiment_vocabulary_out sentiment_vocabulary_recv sentiment_vocabulary_send
	sentiment_fit sentiment_fit_add sentiment_fit_final
	sentiment_vocabulary_agg sentiment_vocabulary_agg_add sentiment_vocabulary_agg_final
	sentiment_vocabulary_documents sentiment_vocabulary_size sentiment_vocabulary_terms sentiment_tfidf
	sentiment_vector_dimensions sentiment_vector_entries sentiment_tokens sentiment_text_features
	sentiment_evaluate sentiment_confusion_add sentiment_confusion_combine sentiment_confusion_report
	sentiment_roc_auc sentiment_scored_rows_add sentiment_scored_rows_combine sentiment_scored_rows_roc_auc
	sentiment_log_loss sentiment_log_loss_add sentiment_log_loss_combine sentiment_log_loss_final
	sentiment_histogram_agg sentiment_histogram_merge sentiment_histogram_add sentiment_histogram_combine sentiment_histogram_final
	sentiment_histogram_count sentiment_histogram_missing sentiment_histogram_mean sentiment_histogram_stddev sentiment_histogram_min
	sentiment_histogram_max sentiment_histogram_is_exact sentiment_histogram_quantile sentiment_histogram_bins
	sentiment_histogram_pair_add sentiment_histogram_pair_combine sentiment_histogram_pair_psi
	sentiment_psi sentiment_psi_agg sentiment_psi_test sentiment_psi_bins sentiment_js sentiment_ks sentiment_ks_test sentiment_chi2
	sentiment_category_counts sentiment_category_add sentiment_category_final
	sentiment_validation_agg sentiment_validation_add sentiment_validation_combine sentiment_validation_final
	sentiment_inject_drift sentiment_inject_class_shift sentiment_numeric_to_float8 sentiment_rate sentiment_rate_difference
	sentiment_kind_parameters sentiment_contract_keys sentiment_stat_latency_bounds sentiment_stat_error_classes sentiment_role_name
	sentiment_filter_functions sentiment.label_text
	sentiment.drift_profile_agg sentiment.drift_profile_add sentiment.label_evidence sentiment.role_name
	sentiment.validation_agg sentiment.validation_add sentiment.validation_combine sentiment.validation_final
	sentiment.numeric_to_float8 sentiment.kind_parameters sentiment.rate sentiment.rate_difference
	sentiment.stat_latency_bounds sentiment.stat_error_classes
	sentiment.card_text sentiment.card_number sentiment.card_object sentiment.card_time sentiment.card_metrics sentiment.card_labels
	sentiment.card_confusion sentiment.card_parameters sentiment.metric_interval sentiment.refuse_change_of_history
);
push @of_values, 'sentiment_predict(sentiment_model,text,jsonb)', 'sentiment_score(sentiment_model,text,jsonb)', 'sentiment_classify(sentiment_model,text,jsonb)',
	'sentiment_probabilities(sentiment_model,text,jsonb)', 'sentiment_explain(sentiment_model,text,jsonb,text)',
	'sentiment_embedding(sentiment_model,text)', 'sentiment_feature_importance(sentiment_model)';

# The others: what right each needs of somebody's model, and of a candidate version of it ("-": the call names none, or one
# itself); what it says of a model that is dropped; how it is called. A function may have several lines. The right is "all"
# (everybody may), "predict", "train", "admin" or "super"; of a model of one's own everybody may all but "super".
# Of a dropped model: "missing" is undefined_object, "denied" insufficient_privilege; "history" is missing but to its last owner.
#
# MODEL is the model's name and MODEL_ID its number; VERSION is the candidate's number, else null, and NUMBER is never null;
# SOURCE is a table that everybody may read, and "private" is asked then too: a model of one's own, and a table that the source's owner has.
# Versions: 1 answers, 3 answered before, 2 is a candidate.
my $functions = q{
sentiment_predict(text,text,jsonb,text,integer)           | predict | train         | missing | sentiment_predict('good', MODEL, version => VERSION)
sentiment_score(text,text,jsonb,text,integer)             | predict | train         | missing | sentiment_score('good', MODEL, version => VERSION)
sentiment_classify(text,text,jsonb,text,integer)          | predict | train         | missing | sentiment_classify('good', MODEL, version => VERSION)
sentiment_probabilities(text,text,jsonb,text,integer)     | predict | train         | missing | sentiment_probabilities('good', MODEL, version => VERSION)
sentiment_explain(text,text,jsonb,text,text,integer)      | predict | train         | missing | sentiment_explain('good', MODEL, version => VERSION)
sentiment_predict_batch(text[],text,jsonb[],text[],integer) | predict | train         | missing | sentiment_predict_batch('{good}', MODEL, version => VERSION)
sentiment_classify_batch(text[],text,jsonb[],integer)     | predict | train         | missing | sentiment_classify_batch('{good}', MODEL, version => VERSION)
sentiment_embedding(text,text,integer)                    | predict | train         | missing | sentiment_embedding('good', MODEL, VERSION)
sentiment_check_features(text,text,jsonb,integer)         | predict | train         | missing | sentiment_check_features(MODEL, 'good', version => VERSION)
sentiment_route                                           | predict | -             | missing | sentiment_route(MODEL, 'a unit')
sentiment_label_evidence                                  | predict | -             | missing | sentiment_label_evidence('good', 'pos', MODEL, 0, 1, NULL)
sentiment_drift_profile_agg                               | predict | train         | missing | sentiment_drift_profile_agg(MODEL, VERSION, 'good', NULL, NULL, 1)
sentiment_drift_profile_add                               | predict | train         | missing | sentiment_drift_profile_add(NULL, MODEL, VERSION, 'good', NULL, NULL, 1)
sentiment_check_drift                                     | predict | train         | missing | sentiment_check_drift(MODEL, SOURCE, version => VERSION, store => false)
sentiment_check_drift                                     | predict | train         | missing | sentiment_check_drift(MODEL, version => VERSION, store => false)
sentiment_check_drift                                     | train   | train         | missing | sentiment_check_drift(MODEL, SOURCE, version => VERSION)
sentiment_outcome                                         | predict | train         | missing | sentiment_outcome(MODEL, VERSION, 'a unit', true)
sentiment_experiment                                      | predict | -             | missing | sentiment_experiment(MODEL)
sentiment_gate                                            | predict | -             | missing | sentiment_gate(MODEL)
sentiment_deployed_at                                     | predict | -             | history | sentiment_deployed_at(MODEL, now())
sentiment_model_card                                      | predict | predict       | missing | sentiment_model_card(MODEL, VERSION)
sentiment_validate(text,regclass,text,boolean,boolean)    | predict | -             | missing | sentiment_validate(MODEL, SOURCE)
sentiment_validate(text,regclass,text,boolean,boolean)    | train   | -             | missing | sentiment_validate(MODEL, SOURCE, store => true)
sentiment_validate(text,regclass,text,boolean,boolean)    | train   | -             | missing | sentiment_validate(MODEL)
sentiment_validate(jsonb,regclass,text)                   | all     | -             | -       | sentiment_validate('{}'::jsonb, SOURCE)
sentiment_suggest_contract                                | all     | -             | -       | sentiment_suggest_contract(SOURCE)
sentiment_train                                           | train   | -             | may     | sentiment_train(MODEL, SOURCE)
sentiment_search                                          | train   | -             | may     | sentiment_search(MODEL, SOURCE, trials => 1, folds => 2)
sentiment_run_pipeline                                    | train   | -             | may     | rights.ran(r.run_id, r.status) FROM sentiment_run_pipeline(MODEL, '{logistic_regression}', SOURCE) AS r
sentiment_run_pipeline                                    | train   | -             | missing | rights.ran(r.run_id, r.status) FROM sentiment_run_pipeline(MODEL) AS r
sentiment_retrain                                         | train   | -             | missing | rights.done((sentiment_retrain(MODEL)).status)
sentiment_run_task                                        | train   | -             | missing | rights.done(sentiment_run_task(MODEL, 'retrain'))
sentiment_schedule                                        | train   | -             | missing | sentiment_schedule(MODEL, '0 3 1 1 *', 'retrain')
sentiment_unschedule                                      | all     | -             | may     | sentiment_unschedule(MODEL)
sentiment_monitor                                         | train   | -             | missing | sentiment_monitor(MODEL, SOURCE)
sentiment_set_source                                      | train   | -             | missing | sentiment_set_source(MODEL, SOURCE)
sentiment_unmonitor                                       | train   | -             | missing | sentiment_unmonitor(MODEL)
sentiment_set_contract                                    | train   | -             | may     | sentiment_set_contract(MODEL, '{}')
sentiment_check_gate                                      | train   | -             | missing | sentiment_check_gate(MODEL, 2)
sentiment_compare                                         | predict | train         | missing | sentiment_compare(MODEL, ARRAY[coalesce(VERSION, 1)], SOURCE)
sentiment_compare                                         | train   | -             | missing | sentiment_compare(MODEL, '{1,2}')
sentiment_deploy                                          | train   | -             | missing | sentiment_deploy(MODEL, 2)
sentiment_promote                                         | train   | -             | missing | sentiment_promote(MODEL, 2, force => true)
sentiment_promote                                         | train   | -             | missing | sentiment_promote(MODEL, 2, 'staging')
sentiment_rollback                                        | train   | -             | missing | sentiment_rollback(MODEL)
sentiment_retire                                          | train   | -             | missing | sentiment_retire(MODEL, 2)
sentiment_set_traffic                                     | train   | -             | missing | sentiment_set_traffic(MODEL, '{"1": 0.5, "2": 0.5}')
sentiment_set_shadow                                      | train   | -             | missing | sentiment_set_shadow(MODEL, 2, 0.5)
sentiment_import_model                                    | train   | -             | may     | sentiment_import_model((SELECT container FROM rights.exported), MODEL)
sentiment_import_model                                    | train   | -             | may     | sentiment_import_model((SELECT container FROM rights.exported), MODEL, 'public_rows')
sentiment_prune                                           | admin   | -             | missing | sentiment_prune(MODEL, 0)
sentiment_drop_model                                      | admin   | -             | missing | sentiment_drop_model(MODEL)
sentiment_set_gate                                        | admin   | -             | missing | sentiment_set_gate(MODEL, '{}')
sentiment_set_description                                 | admin   | -             | missing | sentiment_set_description(MODEL, 'words')
sentiment_grant                                           | admin   | -             | missing | sentiment_grant(MODEL, 'public', 'predict')
sentiment_revoke                                          | admin   | -             | missing | sentiment_revoke(MODEL, 'public', 'predict')
sentiment_set_owner                                       | admin   | -             | missing | sentiment_set_owner(MODEL, current_user)
sentiment_get_model                                       | admin   | admin         | missing | sentiment_get_model(MODEL, VERSION)
sentiment_export_model                                    | admin   | admin         | missing | sentiment_export_model(MODEL, VERSION)
sentiment_feature_importance(text,integer)                | admin   | admin         | missing | sentiment_feature_importance(MODEL, VERSION)
sentiment_stat_reset                                      | admin   | -             | missing | sentiment_stat_reset(MODEL)
sentiment_stat_reset                                      | super   | -             | -       | sentiment_stat_reset()
sentiment_has_privilege                                   | predict | -             | denied  | rights.is_true(sentiment_has_privilege(MODEL_ID, 'predict'))
sentiment_has_privilege                                   | train   | -             | denied  | rights.is_true(sentiment_has_privilege(MODEL_ID, 'train'))
sentiment_has_privilege                                   | admin   | -             | denied  | rights.is_true(sentiment_has_privilege(MODEL_ID, 'admin'))
sentiment_has_role                                        | super   | -             | -       | rights.is_true(sentiment_has_role('postgres', 10, rights.cluster()))
sentiment.has_privilege                                   | predict | -             | denied  | rights.is_true(sentiment.has_privilege(MODEL_ID, 'predict'))
sentiment.has_role                                        | super   | -             | -       | rights.is_true(sentiment.has_role('postgres', 10, rights.cluster()))
sentiment.may_read_relation                               | all     | -             | -       | rights.is_true(sentiment.may_read_relation(SOURCE::regclass, rights.cluster()))
sentiment.gate                                            | predict | -             | missing | sentiment.gate(MODEL)
sentiment.explain                                         | predict | train         | missing | sentiment.explain('good', MODEL, NULL, NULL, NULL, VERSION)
sentiment.classify_batch                                  | predict | train         | missing | sentiment.classify_batch('{good}', MODEL, NULL, VERSION)
sentiment_check_integrity                                 | all     | -             | -       | sentiment_check_integrity()
sentiment.orphaned_rows                                   | all     | -             | -       | sentiment.orphaned_rows()
sentiment.sequences_behind                                | all     | -             | -       | sentiment.sequences_behind()
sentiment_after_failover                                  | super   | -             | -       | sentiment_after_failover()
sentiment.feature_importance                              | admin   | admin         | missing | sentiment.feature_importance(MODEL, VERSION)
sentiment.run_task                                        | train   | -             | missing | rights.done(sentiment.run_task(MODEL, 'retrain'))
sentiment.stat_versions                                   | all     | -             | -       | sentiment.stat_versions(false)
sentiment.stat_sketches                                   | all     | -             | -       | sentiment.stat_sketches()
sentiment.stat_table                                      | all     | -             | -       | sentiment.stat_table(false)
sentiment.running_searches                                | all     | -             | -       | sentiment.running_searches(false)
sentiment.list_progress                                   | all     | -             | -       | sentiment.list_progress(false)
sentiment.list_jobs                                       | all     | -             | -       | sentiment.list_jobs()
sentiment.card_data                                       | predict | predict       | denied  | rights.is_true(sentiment.card_data(MODEL_ID, NUMBER) <> '')
sentiment.card_history                                    | predict | -             | history | rights.is_true(sentiment.card_history(MODEL_ID, 1) <> '')
sentiment.card_caveats                                    | predict | predict       | denied  | rights.is_true(sentiment.card_caveats(MODEL_ID, NUMBER) <> '')
sentiment.card_search                                     | all     | all           | may     | sentiment.card_search(MODEL_ID, NUMBER)
sentiment.card_drift                                      | all     | all           | may     | sentiment.card_drift(MODEL_ID, NUMBER)
sentiment.card_features                                   | admin   | admin         | missing | sentiment.card_features(MODEL, NUMBER)
sentiment_stat_versions                                   | all     | -             | -       | sentiment_stat_versions()
sentiment_stat_sketches                                   | all     | -             | -       | sentiment_stat_sketches()
sentiment_stat_table                                      | all     | -             | -       | sentiment_stat_table()
sentiment_running_searches                                | all     | -             | -       | sentiment_running_searches()
sentiment_list_progress                                   | all     | -             | -       | sentiment_list_progress()
sentiment_list_jobs                                       | all     | -             | -       | sentiment_list_jobs()
sentiment_metrics                                         | all     | -             | -       | sentiment_metrics()
};

# ---- the views: the right by which rows of a model are seen; "values": no row is anybody's; "running": only while something runs
my %views = (
	predict => [qw(sentiment_models sentiment_model_versions sentiment_model_curves sentiment_deployments sentiment_privileges
		sentiment_contracts sentiment_validations sentiment_validation_findings sentiment_drift_reports sentiment_drift_features
		sentiment_searches sentiment_search_trials sentiment_experiments sentiment_monitors sentiment_model_sources sentiment_retrainings
		sentiment_pipeline_runs sentiment_pipeline_steps sentiment_jobs
		sentiment_stat_predictions sentiment_stat_confidence sentiment_stat_latency sentiment_stat_latency_buckets
		sentiment_stat_errors sentiment_stat_shadow sentiment_stat_training)],
	train => [qw(sentiment_drift_bins sentiment_stat_features)],
	values => [qw(sentiment_model_kinds)],
	running => [qw(sentiment_progress sentiment_pipeline_progress sentiment_search_progress)]);

# ---- the tables: the right by which rows of a model are seen ("source": who may ask the model, and read its source), and columns that nobody but the tables' owner reads
my %tables = (
	predict => [qw(model model_version deployment version_stage deployment_history model_privilege version_curves drift_report
		drift_report_feature contract validation validation_finding search search_trial outcome monitor model_source retraining pipeline_run pipeline_step)],
	train => [qw(drift_report_bins)],
	source => [qw(retraining_error pipeline_error search_trial_error validation_example)],
	admin => [qw(version_profile)]);
my %hidden_columns = (model_version => [qw(image image_checksum)], outcome => [qw(unit)]);

# ---- the server
my $node = PostgreSQL::Test::Cluster->new('rights');
$node->init;
$node->append_conf('postgresql.conf', q{
fsync = off
shared_preload_libraries = 'pg_cron,sentiment'
cron.database_name = 'postgres'
cron.use_background_workers = on
client_min_messages = error
sentiment.max_workers = 0
sentiment.training_threads = 1
});
$node->start;

# What each role has a model of its own of, and what else is asked.
my $versions = q{
	SELECT sentiment_train('%1$s', '%2$s', params => '{"svd_components": 5}', filter => %3$s, deploy => 'always');
	SELECT sentiment_train('%1$s', '%2$s', params => '{"svd_components": 6}', filter => %3$s, deploy => 'never');
	SELECT sentiment_train('%1$s', '%2$s', params => '{"svd_components": 7}', filter => %3$s, deploy => 'never');
	SELECT sentiment_deploy('%1$s', 3);
	SELECT sentiment_deploy('%1$s', 1)};
sub make_versions { return sprintf($versions, @_) }

$node->safe_psql('postgres', 'CREATE EXTENSION sentiment; CREATE EXTENSION pg_cron');
is($node->psql('postgres', undef, extra_params => [ '-v', 'database=postgres', '-f', "$ENV{TESTDIR}/role.sql" ]), 0, 'the exporter has its role');
$node->safe_psql('postgres', "CREATE ROLE $role_name{$_} LOGIN") foreach qw(owner admin train predict source stranger);
$node->safe_psql('postgres', q{
	GRANT USAGE ON SCHEMA cron TO PUBLIC;
	CREATE SCHEMA rights;
	GRANT USAGE ON SCHEMA rights TO PUBLIC;
	CREATE TABLE public_rows AS SELECT i AS id, (ARRAY['good', 'great', 'lovely', 'bad', 'poor', 'awful'])[1 + i % 6] || ' w' || i % 50 AS text,
		CASE WHEN i % 6 < 3 THEN 'pos' ELSE 'neg' END AS label, (i % 17)::text AS code FROM generate_series(1, 400) AS i;
	GRANT SELECT ON public_rows TO PUBLIC;
	CREATE TABLE private_rows AS SELECT id, text || CASE WHEN id % 10 = 0 THEN ' <b>topsecret</b>' ELSE '' END AS text, label, code FROM public_rows;
	ALTER TABLE private_rows OWNER TO matrix_source;
	GRANT SELECT ON private_rows TO matrix_owner;

	-- may, or the SQLSTATE; nothing that the statement has done stays
	CREATE FUNCTION rights.attempt(statement text) RETURNS text LANGUAGE plpgsql AS $$
	BEGIN
		EXECUTE statement;
		RAISE EXCEPTION USING ERRCODE = 'RB000';
	EXCEPTION WHEN OTHERS THEN
		RETURN CASE SQLSTATE WHEN 'RB000' THEN 'may' WHEN '42501' THEN 'denied' WHEN '42704' THEN 'missing'
			ELSE SQLSTATE || ' ' || translate(SQLERRM, E'\n', ' ') END;
	END
	$$;
	CREATE FUNCTION rights.is_true(answer bool) RETURNS void LANGUAGE plpgsql AS $$
	BEGIN
		IF answer IS NOT TRUE THEN RAISE insufficient_privilege; END IF;
	END
	$$;
	CREATE FUNCTION rights.done(status text) RETURNS void LANGUAGE plpgsql AS $$
	BEGIN
		IF status ~ '^(failed|skipped)' THEN RAISE EXCEPTION 'it %', status; END IF;
	END
	$$;
	-- a step of the pipeline that fails is told, not raised
	CREATE FUNCTION rights.ran(run int8, status text) RETURNS void LANGUAGE plpgsql AS $$
	BEGIN
		IF status IN ('promoted', 'kept') THEN RETURN; END IF;
		RAISE EXCEPTION 'the run %', status
			USING ERRCODE = COALESCE((SELECT min(s.sqlstate) FROM sentiment_pipeline_steps AS s WHERE s.run_id = run), 'P0001');
	END
	$$;
	CREATE FUNCTION rights.cluster() RETURNS int8 LANGUAGE sql SECURITY DEFINER AS 'SELECT system_identifier FROM pg_control_system()'});

# the model "shared", and all that there may be to see of it
sub as
{
	my ($role, $sql) = @_;
	my ($out, $err);
	my $status = $node->psql('postgres', "SET default_transaction_read_only = off; SET statement_timeout = 0; $sql",
		stdout => \$out, stderr => \$err, on_error_die => 0, on_error_stop => 1, extra_params => [ '-U', $role_name{$role} ]);
	die "$role: $err" if $status != 0;
	return $out;
}

as(owner => make_versions('shared', 'private_rows', q{'code::int < 100'}));
as(owner => q{
	SELECT sentiment_train('shared', 'private_rows', deploy => 'never');
	SELECT sentiment_train('shared', 'private_rows', deploy => 'never');
	SELECT sentiment_retire('shared', 5);
	SELECT sentiment_set_shadow('shared', 4, 1);
	SELECT sentiment_grant('shared', 'matrix_admin', 'admin'), sentiment_grant('shared', 'matrix_train', 'train'),
		sentiment_grant('shared', 'matrix_predict', 'predict'), sentiment_grant('shared', 'sentiment_exporter', 'predict');
	SELECT sentiment_set_contract('shared', '{"severity": {"html": "warning"}}');
	SELECT sentiment_validate('shared', 'private_rows', store => true);
	SELECT sentiment_check_drift('shared', 'private_rows', 'id > 100');
	SELECT sentiment_search('shared', 'private_rows', trials => 1, folds => 2, deploy => 'never');
	SELECT sentiment_outcome('shared', NULL, 'unit ' || i, i % 2 = 0) FROM generate_series(1, 20) AS i;
	SELECT sentiment_schedule('shared', '0 3 1 1 *', 'retrain');
});
# a trial that failed
$node->safe_psql('postgres', q{INSERT INTO sentiment.search_trial_error
	SELECT t.search_id, t.trial, 'topsecret label', 'private_rows'::regclass, rights.cluster() FROM sentiment.search_trial AS t JOIN sentiment.search AS s USING (search_id) WHERE s.model = 'shared' LIMIT 1});
# a row of the source that makes reading it an error that quotes the row
as(source => q{INSERT INTO private_rows VALUES (9999, 'good', 'pos', 'topsecret code')});
as(owner => q{SELECT sentiment_retrain('shared', 'for a failure'); SELECT sentiment_run_pipeline('shared')});
as(source => q{DELETE FROM private_rows WHERE id = 9999});
as(owner => q{SELECT sentiment_monitor('shared', 'private_rows', label_column => 'label', filter => 'code::int < 100', cooldown => '0');
	SELECT sentiment_set_source('shared', 'private_rows', filter => 'code::int < 100')});
as(super => q{CREATE TABLE rights.exported AS SELECT sentiment_export_model('shared', 1) AS container;
	GRANT SELECT ON rights.exported TO PUBLIC});

# the model that is dropped: everybody had what they have of "shared"
as(owner => make_versions('dropped', 'private_rows', 'NULL'));
as(owner => q{SELECT sentiment_grant('dropped', 'matrix_admin', 'admin'), sentiment_grant('dropped', 'matrix_train', 'train'),
	sentiment_grant('dropped', 'matrix_predict', 'predict'), sentiment_grant('dropped', 'sentiment_exporter', 'predict')});
my %model_id = (dropped => as(super => q{SELECT model_id FROM sentiment.model WHERE name = 'dropped'}));
as(super => q{SELECT sentiment_drop_model('dropped')});
as($_ => make_versions("own_$_", 'public_rows', 'NULL')) foreach @roles;
%model_id = (%model_id, map { split /\|/ } split /\n/, as(super => 'SELECT name, model_id FROM sentiment.model'));

# ---- the functions are asked
my @lines;
foreach my $line (grep { /\S/ } split /\n/, $functions)
{
	my %line;
	@line{qw(function model candidate dropped call)} = map { s/^\s+|\s+$//gr } split /\|/, $line, 5;
	die "not a line: $line" if !defined $line{call} || grep { !/^(-|all|predict|train|admin|super)$/ } @line{qw(model candidate)};
	push @lines, \%line;
}

# A call in a case: "own" model, "model" (somebody's), "candidate" of it, "dropped", "private" source
sub call
{
	my ($line, $case, $role) = @_;
	my $model = $case eq 'dropped' ? 'dropped' : $case =~ /^(own|private)$/ ? "own_$role" : 'shared';
	my $candidate = $case eq 'candidate';
	my $call = $line->{call};

	$call =~ s/\bMODEL_ID\b/$model_id{$model}/g;
	$call =~ s/\bMODEL\b/'$model'/g;
	$call =~ s/\bVERSION\b/$candidate ? 2 : 'NULL'/ge;
	$call =~ s/\bNUMBER\b/$candidate ? 2 : 1/ge;
	$call =~ s/\bSOURCE\b/$case eq 'private' ? q{'private_rows'} : q{'public_rows'}/ge;
	return "SELECT $call";
}

# What must come out of it.
sub expected
{
	my ($line, $case, $role) = @_;
	my $dropped = $line->{dropped};

	if ($case eq 'own') { return $line->{model} eq 'super' && $role ne 'super' ? 'denied' : 'may' }
	if ($case eq 'private') { return $may_read{$role} ? 'may' : 'denied' }
	if ($case eq 'dropped') { return $dropped ne 'history' ? $dropped : $role =~ /^(super|owner)$/ ? 'may' : $line->{call} =~ /is_true/ ? 'denied' : 'missing' }
	return $level{$role} >= $needed{ $line->{$case} } ? 'may' : 'denied';
}

# The cases that a line has.
sub cases
{
	my ($line) = @_;
	my @cases = ('model');

	push @cases, 'own' if $line->{call} =~ /MODEL/;
	push @cases, 'candidate' if $line->{candidate} ne '-';
	push @cases, 'dropped' if $line->{dropped} ne '-';
	push @cases, 'private' if $line->{call} =~ /SOURCE/;
	return @cases;
}

my %outcome;    # by line, case and role
foreach my $role (@roles)
{
	my @asked;
	my $script = '';
	for my $i (0 .. $#lines)
	{
		$script .= "SELECT '$i $_ ' || rights.attempt(\$call\$" . call($lines[$i], $_, $role) . "\$call\$);\n" foreach cases($lines[$i]);
	}
	foreach (split /\n/, as($role => $script))
	{
		my ($i, $case, $outcome) = split / /, $_, 3;
		$outcome{$i}{$case}{$role} = $outcome;
	}
}
for my $i (0 .. $#lines)
{
	my $line = $lines[$i];
	my $shown = sub { my ($of) = @_; return join("\n", map { my $case = $_; "$case: " . join(', ', map { "$_ " . ($of->($case, $_) // 'nothing') } @roles) } cases($line)) };

	is($shown->(sub { $outcome{$i}{ $_[0] }{ $_[1] } }), $shown->(sub { expected($line, @_) }), $line->{call});
}

# what is counted, which resets have taken away: a training, predictions enough for a sample of them, an error
as(owner => q{SELECT sentiment_train('shared', 'private_rows', deploy => 'never'); SELECT count(sentiment_predict(text, 'shared')) FROM private_rows, generate_series(1, 20)});
$node->psql('postgres', q{SELECT sentiment_score('good', 'shared', '{"no such feature": 1}')}, extra_params => [ '-U', 'matrix_owner' ]);

# ---- the table of functions is that of the extension's
my @present = split /\n/, $node->safe_psql('postgres', q{
	SELECT p.oid::regprocedure FROM pg_proc AS p
	JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
	JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND e.extname = 'sentiment' ORDER BY 1::text});
my %named = map { $_ => 1 } @of_values, map { $_->{function} } @lines;
my %used;
my @missing;
foreach my $function (@present)
{
	my ($name) = $function =~ /^([^(]+)/;
	my ($key) = grep { $named{$_} } ($function, $name);
	if (defined $key) { $used{$key} = 1 }
	else { push @missing, $function }
}
is(join("\n", @missing), '', 'every function of the extension has a line');
is(join("\n", grep { !$used{$_} } sort keys %named), '', 'every line is about a function of the extension');
# an overload that asks a model by its name must not slip in as one of values
my %of_values = map { $_ => 1 } @of_values;
my @by_name = grep { my ($name) = /^([^(]+)/; $of_values{$_} || $of_values{$name} } split /\n/, $node->safe_psql('postgres', q{
	SELECT DISTINCT p.oid::regprocedure FROM pg_proc AS p
	JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
	JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND e.extname = 'sentiment',
	LATERAL unnest(p.proargnames) WITH ORDINALITY AS a (name, n)
	WHERE a.name ~ 'model' AND p.proargtypes[a.n - 1] IN ('text'::regtype, 'name'::regtype, 'int8'::regtype)});
is(join("\n", @by_name), '', 'no function of values takes the name or number of a model');
is($node->safe_psql('postgres', q{
	SELECT count(*) FROM pg_proc AS p
	JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
	JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND e.extname = 'sentiment'
	WHERE p.prosecdef}), '0', 'no function has the rights of its owner');

# ---- what is seen
my @extension_relations = map { [ split /\|/ ] } split /\n/, $node->safe_psql('postgres', q{
	SELECT c.relkind, c.relname FROM pg_class AS c
	JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
	JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND e.extname = 'sentiment' ORDER BY 2});
is(join(' ', sort map { @$_ } values %views), join(' ', map { $_->[1] } grep { $_->[0] =~ /[vm]/ } @extension_relations), 'every view has a line');
is(join(' ', sort map { @$_ } values %tables), join(' ', map { $_->[1] } grep { $_->[0] =~ /[rp]/ } @extension_relations), 'every table has a line');

# The rows that each role sees of "shared", and of models that are not its own; a table's are known by the number of the model,
# or by the row of another table that they belong to.
my %model_of_rows = (
	drift_report_feature => 'report_id IN (SELECT report_id FROM sentiment.drift_report WHERE model_id %s)',
	drift_report_bins => 'report_id IN (SELECT report_id FROM sentiment.drift_report WHERE model_id %s)',
	validation_finding => 'validation_id IN (SELECT validation_id FROM sentiment.validation WHERE model_id %s)',
	validation_example => 'validation_id IN (SELECT validation_id FROM sentiment.validation WHERE model_id %s)',
	search_trial_error => 'search_id IN (SELECT search_id FROM sentiment.search WHERE model_id %s)',
	search_trial => 'search_id IN (SELECT search_id FROM sentiment.search WHERE model_id %s)',
	retraining_error => 'retraining_id IN (SELECT retraining_id FROM sentiment.retraining WHERE model_id %s)',
	pipeline_step => 'run_id IN (SELECT run_id FROM sentiment.pipeline_run WHERE model_id %s)',
	pipeline_error => 'run_id IN (SELECT run_id FROM sentiment.pipeline_run WHERE model_id %s)');
my %right_of = map { my $right = $_; map { $_ => $right } (@{ $views{$right} // [] }, map { "sentiment.$_" } @{ $tables{$right} // [] }) } keys %views, keys %tables;
my %seen;
foreach my $role (@roles)
{
	my $own = $model_id{"own_$role"};
	my $script = '';
	foreach my $relation (sort keys %right_of)
	{
		my ($of_shared, $of_others) = ("model = 'shared'", "model NOT IN ('shared', 'own_$role')");
		if ($relation =~ /^sentiment\.(.*)/)
		{
			my $rows = $model_of_rows{$1} // 'model_id %s';
			($of_shared, $of_others) = (sprintf($rows, "= $model_id{shared}"), sprintf($rows, "NOT IN ($model_id{shared}, $own)"));
		}
		($of_shared, $of_others) = ('true', 'false') if $right_of{$relation} eq 'values';
		$script .= "SELECT '$relation', count(*) FILTER (WHERE $of_shared) > 0, count(*) FILTER (WHERE $of_others) FROM $relation;\n";
	}
	foreach (split /\n/, as($role => $script))
	{
		my ($relation, $sees, $n_others) = split /\|/;
		$seen{$relation}{$role} = $sees;
		# the owner sees what was done to the model that is gone, and a superuser all
		is($n_others, 0, "$role sees nothing of others' models in $relation") unless $role eq 'super' || $role eq 'owner' && $relation =~ /history|deployments$/;
	}
}
foreach my $relation (sort keys %right_of)
{
	my $right = $right_of{$relation};
	my %sees = map { $_ => $right eq 'source' ? ($may_read{$_} && $level{$_} > 0 ? 't' : 'f') : $right eq 'running' ? 'f' : $right eq 'values' ? 't' : $level{$_} >= $needed{$right} ? 't' : 'f' } @roles;
	is(join(' ', map { "$_ " . ($seen{$relation}{$_} // 'nothing') } @roles), join(' ', map { "$_ $sees{$_}" } @roles), "who sees rows of a model in $relation");
}

# the words of the rows, whole or in errors, are not for who may not read them
foreach my $role (grep { !$may_read{$_} || $level{$_} == 0 } @roles)
{
	my $script = join('', map { "SELECT '$_' FROM $_ AS r WHERE r::text ~* 'topsecret';\n" } sort grep { !/^sentiment\./ } keys %right_of);
	$script .= join('', map { "SELECT '$_' FROM $_ AS r WHERE r::text ~* 'topsecret';\n" } grep { !$hidden_columns{s/^sentiment\.//r} } sort grep { /^sentiment\./ } keys %right_of);
	$script .= "SELECT 'card' WHERE sentiment_model_card('shared', 2) ~* 'topsecret';" if $level{$role} > 0 && $level{$role} < $needed{admin};
	is(as($role => $script), '', "$role sees no word of the rows");
}
like(as(owner => q{SELECT string_agg(r::text, ' ') FROM sentiment_validation_findings AS r}), qr/topsecret/, 'which are there');
like(as(owner => q{SELECT string_agg(r::text, ' ') FROM sentiment_retrainings AS r}), qr/topsecret code/, 'in errors too');

# nobody writes tables, or reads what is hidden
foreach my $role (grep { $_ ne 'super' } @roles)
{
	is(as($role => q{SELECT c.relname, p FROM pg_class AS c, unnest('{INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) AS p
		WHERE c.relnamespace = 'sentiment'::regnamespace AND c.relkind = 'r' AND has_table_privilege(c.oid, p)
		UNION ALL SELECT c.relname, p FROM pg_class AS c, unnest('{UPDATE,USAGE}'::text[]) AS p
		WHERE c.relnamespace = 'sentiment'::regnamespace AND c.relkind = 'S' AND has_sequence_privilege(c.oid, p)
		UNION ALL SELECT 'schema', 'CREATE' WHERE has_schema_privilege('sentiment', 'CREATE')}), '', "$role writes no table or sequence, and makes nothing in the schema");
	foreach my $table (sort keys %hidden_columns)
	{
		foreach my $column (@{ $hidden_columns{$table} })
		{
			is(as($role => "SELECT rights.attempt('SELECT $column FROM sentiment.$table')"), 'denied', "$role does not read sentiment.$table.$column");
		}
	}
}

# ---- a role that is dropped leaves nothing to the next one of its name, and an owner that is gone leaves the model to superusers
as(super => q{CREATE ROLE matrix_gone LOGIN; GRANT SELECT ON public_rows TO matrix_gone});
$node->safe_psql('postgres', make_versions('orphan', 'public_rows', 'NULL'), extra_params => [ '-U', 'matrix_gone' ]);
as(owner => q{SELECT sentiment_grant('shared', 'matrix_gone', 'admin')});
as(super => q{REVOKE SELECT ON public_rows FROM matrix_gone; DROP ROLE matrix_gone; CREATE ROLE matrix_gone LOGIN});
$role_name{gone} = 'matrix_gone';
is(as(gone => q{SELECT rights.attempt($$SELECT sentiment_predict('good', 'shared')$$), rights.attempt($$SELECT sentiment_predict('good', 'orphan')$$),
	(SELECT count(*) FROM sentiment_model_versions), (SELECT count(*) FROM sentiment_deployments)}), 'denied|denied|0|0', 'a role of the same name has nothing');
like(as(super => q{SELECT grantee FROM sentiment_privileges WHERE privilege = 'admin' AND grantee <> 'matrix_admin'}), qr/^unknown \(OID=\d+\)$/, 'the grant is seen as nobody\'s');
like(as(super => q{SELECT rights.attempt($$SELECT sentiment_retrain('orphan')$$)}), qr/^(may|missing)$/, 'nothing fails badly where the owner is gone');
is(as(super => q{SELECT rights.attempt($$SELECT sentiment_predict('good', 'orphan')$$), rights.attempt($$SELECT sentiment_set_owner('orphan', 'matrix_gone')$$)}), 'may|may',
	'a superuser has it');

$node->stop('fast');
done_testing();
