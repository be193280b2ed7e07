/** Names of the jobs that look at tiers: known to whoever asks for one. */

/** Looks at every customer of the workspace. */
export const TIERS_RECOMPUTE = 'tiers.recompute';

/** Tries a model on every customer, and writes nothing. */
export const TIERS_PREVIEW = 'tiers.preview';
