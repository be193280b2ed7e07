/** Words of the report on need tags: how many customers they cover, and how often rules are right. */

import { z } from 'zod';
import { zIsoInstant } from '../model.ts';

const count = (words: string) => z.int().describe(words);
const share = (words: string) => z.number().nullable().describe(words);

const NeedTagCounts = z
  .object({
    tag: z.string().describe('Key of the need tag.'),
    name: z.string().nullable().describe('How people name it; null when it is no term of the workspace any more.'),
    customers: count('Who want it: byPerson and byRule together.'),
    byPerson: count('Of them: those of whom a person says so, confirmed ones among them.'),
    byRule: count('Of them: those of whom a rule says so, and nobody has judged it.'),
    confirmed: count('A rule found it, and a person said that it is so.'),
    rejected: count('A rule found it, and a person said that it is not so.'),
    accuracy: share(
      'Of what rules found and a person judged, the share that is so: confirmed / (confirmed + rejected), from 0 to 1. Null when nobody judged any.',
    ),
  })
  .meta({ id: 'NeedTagCounts', description: 'How far one need tag is given, and how often rules are right about it.' });

export const NeedTagReport = z
  .object({
    asOf: zIsoInstant.describe("Now, in the workspace's time."),
    customers: count('All customers; those merged into others do not count.'),
    tagged: count('Of them: those of whom at least one need is known.'),
    coverage: share('tagged / customers, from 0 to 1. Null when there are no customers.'),
    accuracy: share('As in data, of all tags together.'),
    data: z.array(NeedTagCounts).describe("In the order of the workspace's terms."),
  })
  .meta({ id: 'NeedTagReport', description: 'How much is known of what customers want, and how far rules are right.' });
