/** What a customer is entitled to, told in boxes; and who serves them, told of those who are named. */

import fc from 'fast-check';
import { test } from 'tap';
import { ALWAYS } from '../../src/rules/calendar.ts';
import { entitledTo, promisesOf } from '../../src/rules/entitlements.ts';
import {
  gapsOf,
  NO_SERVICE,
  type People,
  type ServiceGap,
  type TierService,
  whoServes,
} from '../../src/rules/named-service.ts';
import { compilePolicy, explainMatch, matchPolicy, type PolicyDefinition, PRIORITIES } from '../../src/rules/policy.ts';

const makePolicy = (definition: Partial<PolicyDefinition>) =>
  compilePolicy({ key: 'p', objectives: [], ...definition }, () => ALWAYS);

const KINDS = ['fault', 'complaint', 'basic'];
const CHANNELS = ['phone', 'email', 'web'];
const some = (...values: string[]) => fc.oneof(fc.constant([]), fc.subarray(values, { minLength: 1 }));

const plan = fc.record({
  position: fc.integer({ min: 0, max: 2 }),
  validFrom: fc.constantFrom(null, 50, 100),
  validTo: fc.constantFrom(null, 101, 150),
  match: fc.record({
    customers: some('cus_1', 'cus_2'),
    tiers: some('core', 'normal'),
    kinds: some('fault', 'complaint'),
    channels: some('phone', 'email'),
    priorities: some('high', 'urgent'),
  }),
});

test('every ticket that can be lies in one box, and its box says what it would be promised', async (t) => {
  const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31);
  t.comment(`FUZZ_SEED=${seed}`);
  const property = fc.property(
    fc.array(plan, { maxLength: 8 }),
    fc.constantFrom('core', null),
    fc.constantFrom(99, 100, 120, 150),
    (plans, tier, at) => {
      const policies = plans.map((one, index) => makePolicy({ key: `p${index}`, ...one }));
      const whose = { customer: 'cus_1', tier };
      const boxes = entitledTo(policies, whose, { kinds: KINDS, channels: CHANNELS }, at);
      const standard = policies.filter(({ match }) => match.customers.length === 0);
      for (const kind of KINDS) {
        for (const channel of CHANNELS) {
          for (const priority of PRIORITIES) {
            const ticket = { ...whose, kind, channel, priority };
            const [box, ...more] = boxes.filter(
              ({ kinds, channels, priorities }) =>
                kinds.includes(kind) && channels.includes(channel) && priorities.includes(priority),
            );
            const policy = matchPolicy(policies, ticket, at);
            const personal = (policy?.match.customers.length ?? 0) > 0;
            if (box === undefined || more.length > 0) throw new Error(`${kind} ${channel} ${priority}: not one box`);
            if (box.policy !== policy || box.personal !== personal)
              throw new Error(`${kind} ${channel}: another policy`);
            if (box.overrides !== (personal ? matchPolicy(standard, ticket, at) : null)) throw new Error('overrides');
            if (box.reason !== (explainMatch(policies, ticket, at)?.reason ?? null)) throw new Error('reason');
          }
        }
      }
    },
  );
  fc.assert(property, { numRuns: Number(process.env['FUZZ_RUNS'] ?? 500), seed });
});

test('words that no policy tells apart are looked at together, and told in their order', async (t) => {
  const many = Array.from({ length: 2000 }, (_, index) => `kind-${index}`);
  const policies = [makePolicy({ key: 'one', match: { kinds: ['kind-7', 'kind-3'] } }), makePolicy({ key: 'rest' })];
  const boxes = entitledTo(policies, { customer: 'cus_1', tier: null }, { kinds: many, channels: CHANNELS }, 0);
  t.strictSame(
    boxes.map(({ policy, kinds, channels, priorities }) => [
      policy!.key,
      kinds.length,
      channels.length,
      priorities.length,
    ]),
    [
      ['rest', 1998, 3, 4],
      ['one', 2, 3, 4],
    ],
  );
  t.strictSame(boxes[1]!.kinds, ['kind-3', 'kind-7']);
});

test('promises stand beside those of the policy that is overridden, and what it alone promises is told', async (t) => {
  const standard = makePolicy({
    objectives: [
      { metric: 'resolution', target: 'P1D' },
      { metric: 'first_response', target: 'PT1H' },
    ],
  });
  const own = makePolicy({
    objectives: [
      { metric: 'survey', target: 'P3D' },
      { metric: 'first_response', target: 'PT5M' },
    ],
  });
  const told = promisesOf({ policy: own, overrides: standard });
  t.strictSame(
    told.promises.map(({ metric, standard: other }) => [metric, other === standard]),
    [
      ['first_response', true],
      ['survey', false],
    ],
  );
  t.strictSame(told.leftOut, ['resolution']);
  t.strictSame(promisesOf({ policy: null, overrides: null }), { promises: [], leftOut: [] });
});

const here = { seniorityYears: 3, available: true, active: true };
const away = { ...here, available: false };
const left = { ...here, active: false };

test('the first who is named and here serves', async (t) => {
  const cases: [People, string | null, string][] = [
    [{ dedicated: null, deputy: null, adviser: null }, null, 'nobody_named'],
    [{ dedicated: here, deputy: here, adviser: here }, 'dedicated', 'first_choice'],
    [{ dedicated: away, deputy: here, adviser: here }, 'deputy', 'first_choice_away'],
    [{ dedicated: left, deputy: here, adviser: null }, 'deputy', 'first_choice_left'],
    [{ dedicated: left, deputy: away, adviser: here }, 'adviser', 'first_choice_left'],
    [{ dedicated: null, deputy: here, adviser: null }, 'deputy', 'first_choice'],
    [{ dedicated: null, deputy: null, adviser: here }, 'adviser', 'first_choice'],
    [{ dedicated: away, deputy: left, adviser: null }, null, 'all_away'],
  ];
  for (const [people, role, reason] of cases) t.strictSame(whoServes(people), { role, reason }, `${role}, ${reason}`);
});

test('what a tier asks for and is not there, and who is named and has left', async (t) => {
  const nobody = { dedicated: null, deputy: null, adviser: null };
  const all: TierService = { ...NO_SERVICE, dedicatedAgent: true, minSeniorityYears: 3, deputy: true, adviser: true };
  const junior = { ...here, seniorityYears: 2 };
  const cases: [TierService, People, ServiceGap[]][] = [
    [NO_SERVICE, nobody, []],
    [all, nobody, ['dedicated_missing', 'deputy_missing', 'adviser_missing']],
    [all, { dedicated: here, deputy: junior, adviser: junior }, []],
    [all, { dedicated: junior, deputy: here, adviser: here }, ['dedicated_junior']],
    [{ ...all, minSeniorityYears: null }, { dedicated: junior, deputy: here, adviser: here }, []],
    [NO_SERVICE, { dedicated: junior, deputy: null, adviser: null }, []],
    [NO_SERVICE, { dedicated: left, deputy: left, adviser: left }, ['dedicated_left', 'deputy_left', 'adviser_left']],
    [all, { dedicated: away, deputy: away, adviser: away }, []],
  ];
  for (const [service, people, gaps] of cases) t.strictSame(gapsOf(service, people), gaps);
});
