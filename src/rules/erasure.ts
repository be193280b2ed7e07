/** What is left of a person's words where they were told: in the row of a contact, in events, in answers that are kept. */

/** The person is known by nothing but their id. */
const NOTHING_OF_A_CONTACT = {
  familyName: null,
  honorific: null,
  salutation: null,
  title: null,
  preferredChannel: null,
  preferredHours: null,
  language: null,
  timeZone: null,
  tags: [],
  externalIds: {},
  identities: [],
};

export interface Erasing {
  contactId: string;
  /** What stands where a name was: a word in the language of the workspace. */
  name: string;
  /** Custom fields whose values are keys and no words. */
  keyFields: ReadonlySet<string>;
}

/** What stands where a text was. */
export function erasedText({ name }: Pick<Erasing, 'name'>): string {
  return `[${name}]`;
}

/** What a contact's row is from then on. */
export function erasedContact({ name }: Pick<Erasing, 'name'>) {
  const { salutation: _, ...fields } = NOTHING_OF_A_CONTACT;
  return { ...fields, name, tags: [] as string[], externalIds: {}, identities: [] as [] };
}

/** Numbers, marks and keys of lists stay, for they are counted; whatever was written is gone. */
export function erasedFields(values: Readonly<Record<string, unknown>>, keyFields: ReadonlySet<string>) {
  const isWords = (value: unknown) => typeof value === 'string' || (typeof value === 'object' && value !== null);
  return Object.fromEntries(Object.entries(values).filter(([key, value]) => keyFields.has(key) || !isWords(value)));
}

type Thing = Readonly<Record<string, unknown>>;

/** Words of people, by the names they go by in what is told. */
const WORDS = new Set(['body', 'reason', 'note', 'restatement', 'lastError']);
/** Words of the desk itself. */
const ITS_OWN = /^(woken|reopened|message msg_[0-9a-z]{26}|Escalation of [a-z_]+, step \d+)$/;

/**
 * What was told of the person, or of a ticket of theirs, without their words: ids, facts, numbers and instants stay as they
 * are, so that nobody who has counted them counts otherwise. Of what is erased already it answers the same.
 */
export function withoutWords(told: unknown, erasing: Erasing): unknown {
  if (Array.isArray(told)) return told.map((one) => withoutWords(one, erasing));
  if (typeof told !== 'object' || told === null) return told;
  const thing = told as Thing;
  const entries = Object.entries(thing).map(([name, value]) => {
    if (WORDS.has(name) && typeof value === 'string' && !ITS_OWN.test(value)) return [name, erasedText(erasing)];
    return [name, withoutWords(value, erasing)];
  });
  return { ...Object.fromEntries(entries), ...replacedOf(thing, erasing) };
}

/** The fields of a thing that hold words, with what stands there from then on. */
function replacedOf(thing: Thing, erasing: Erasing): Thing {
  const { id } = thing;
  if (id === erasing.contactId) return there(thing, { ...NOTHING_OF_A_CONTACT, name: erasing.name });
  if (typeof id !== 'string') return {};
  if (id.startsWith('tkt_')) {
    const fields = thing['customFields'] as Thing | null | undefined;
    return there(thing, {
      subject: erasedText(erasing),
      fault: null,
      customFields: fields ? erasedFields(fields, erasing.keyFields) : fields,
    });
  }
  if (id.startsWith('ans_')) return there(thing, { comment: null });
  if (id.startsWith('act_')) return there(thing, { contactId: null, title: null, details: {} });
  return {};
}

/** Those of them that the thing has. */
function there(thing: Thing, replaced: Thing): Thing {
  return Object.fromEntries(Object.entries(replaced).filter(([name]) => Object.hasOwn(thing, name)));
}
