/**
 * What a change of one field of a spec does to a resource that is there already. The tables of the kinds have a row for
 * each field, which the compiler demands; answers of the API, the planner and docs/changes.md all read the same rows.
 */

/** When a change of a field reaches what exists. */
export const CHANGE_EFFECTS = ['live', 'restart', 'live-or-restart', 'cloud-init', 'grows', 'refused'] as const;
export type ChangeEffect = (typeof CHANGE_EFFECTS)[number];

/** The effects in the words of the published table. */
export const EFFECT_WORDS: Readonly<Record<ChangeEffect, string>> = {
  live: 'at once',
  restart: 'at the next start',
  'live-or-restart': 'at once where the cluster can, otherwise at the next start',
  'cloud-init': 'at the next run of cloud-init',
  grows: 'at once, upwards only',
  refused: 'never: the change is refused',
};

export interface FieldChange {
  readonly effect: ChangeEffect;
  /** What happens, or why it is refused: sentences for a user. */
  readonly how: string;
}

/** A row for each field of a spec, optional ones too. */
export type FieldChanges<Spec, Row extends FieldChange = FieldChange> = {
  readonly [Field in keyof Spec & string]-?: Row;
};
