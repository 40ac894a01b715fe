/** What an alert rests on, as objects of OCSF 1.6.0: `evidences`, `anomaly_analysis`, `attack`. Pure. */
import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import type { AlertData } from '../message.ts';
import { ATTACK_VERSION, RELATIONAL, SQL, TACTICS } from './ocsf-enums.ts';
import { milliseconds, present } from './ocsf-fields.ts';

/** Limit of the type `ip_t`. */
const MAX_IP_CHARACTERS = 40;
const STATEMENT_ID_CHARACTERS = 16;

/** Who, from where and in which database; then the first events; then the most telling statements. */
export function evidences(data: AlertData) {
  return [
    ...principal(data),
    ...data.evidence.map(({ time, session, summary }) =>
      present({
        name: 'event',
        actor: session === null ? null : { session: { uid: session } },
        data: present({ time: milliseconds(time), summary }),
      }),
    ),
    ...data.statements.map(statementEvidence),
  ];
}

function principal({ user, client, database, application, sessions }: AlertData) {
  const [session = null, ...others] = sessions;
  const actor = present({
    user: user === null ? null : { name: user },
    app_name: application,
    // Several stand in `unmapped`: an actor has one.
    session: session === null || others.length > 0 ? null : { uid: session },
  });
  const [typeId, type] = RELATIONAL;
  const evidence = present({
    actor: Object.keys(actor).length === 0 ? null : actor,
    src_endpoint: client === null ? null : endpoint(client),
    database: database === null ? null : { name: database, type_id: typeId, type },
  });
  return Object.keys(evidence).length === 0 ? [] : [{ name: 'principal', ...evidence }];
}

/** A client may also be a host name, or a local socket. */
function endpoint(client: string) {
  return isIP(client) !== 0 && client.length <= MAX_IP_CHARACTERS ? { ip: client } : { name: client };
}

/** `query` is one of DNS there: a statement is a script, which may be any command that an interpreter runs. */
function statementEvidence(statement: string) {
  const [typeId, type] = SQL;
  // One form of a statement has one id, in every alert.
  const uid = createHash('sha256').update(statement).digest('hex').slice(0, STATEMENT_ID_CHARACTERS);
  return {
    name: 'statement',
    script: { uid, type_id: typeId, type, script_content: { value: statement } },
  };
}

/** Observed against usual and threshold; none where nothing was measured against anything. */
export function anomalyAnalyses({ name, entity, observed, baseline, threshold }: AlertData) {
  if (observed === null || (baseline === null && threshold === null)) return [];
  const measure = (pattern: string, value: number) => ({
    observation_parameter: name,
    observed_pattern: pattern,
    observations: [{ value: String(value) }],
  });
  return [
    present({
      analysis_targets: [{ name: entity, type: 'entity' }],
      anomalies: [measure('observed', observed)],
      baselines: [
        ...(baseline === null ? [] : [measure('usual', baseline)]),
        ...(threshold === null ? [] : [measure('threshold', threshold)]),
      ],
    }),
  ];
}

/**
 * The tactic and each technique in an object of its own: the tactic is that of the alert, and ATT&CK need not list every
 * technique under it.
 */
export function attacks({ tactic, attack }: AlertData) {
  return [
    ...(tactic === null || tactic === 'several' ? [] : [{ tactic: tacticOf(tactic) }]),
    ...attack.map(techniqueOf),
  ].map((one) => ({ ...one, version: ATTACK_VERSION }));
}

/** A detector of an older pgvigil, or of the user, may name one that is not known here. */
function tacticOf(tactic: string) {
  if (!isTactic(tactic)) return { name: tactic };
  const [uid, name] = TACTICS[tactic];
  return { uid, name };
}

function isTactic(text: string): text is keyof typeof TACTICS {
  return Object.hasOwn(TACTICS, text);
}

function techniqueOf(id: string) {
  const [, technique, sub] = /^(T\d{4})(\.\d{3})?$/.exec(id) ?? [];
  if (technique === undefined) return { technique: { uid: id } };
  return { technique: { uid: technique }, ...(sub !== undefined && { sub_technique: { uid: id } }) };
}
