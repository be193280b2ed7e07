/** The steps that lives are told by: each asks the desk for something and shows what it answered. */

import { type Desk, type DeskEvent, expect, type Ticket } from './desk.ts';
import type { Screen } from './screen.ts';

export interface Agent {
  id: string;
  name: string;
  seniorityYears: number;
}

interface Customer {
  id: string;
  name: string;
  tier: string;
}

interface Contact {
  id: string;
  name: string;
  language: string;
  salutation: string;
  identities: { kind: string; value: string }[];
}

interface Invitation {
  url: string;
  token: string;
  language: string;
}

interface SurveyAnswer {
  overall: number;
  scale: number;
  dimensions: Record<string, number>;
  comment: string;
  answeredAt: string;
}

/** A test workspace, its clock and what is shown of it. */
export interface Stage {
  desk: Desk;
  screen: Screen;
  /** The last event that was shown. */
  seen: string | null;
}

/** What the desk does by itself when time passes. */
const BY_ITSELF = ['clock.warned', 'clock.breached', 'survey.invited'];

export async function hire(
  { desk, screen }: Stage,
  team: { id: string; name: string },
  fields: { name: string; email: string; seniorityYears: number },
): Promise<Agent & { desk: Desk }> {
  const agent = await desk.post<Agent>('/agents', { ...fields, teamIds: [team.id] });
  const { key } = await desk.post<{ key: string }>('/keys', { name: agent.name, role: 'agent', agentId: agent.id });
  const years = `${agent.seniorityYears} ${agent.seniorityYears === 1 ? 'year' : 'years'} in service`;
  screen.person('agent', `${agent.name}, ${years}, team ${team.name}`);
  return { ...agent, desk: desk.as(key) };
}

/** As a CRM does: by its own number, as often as it likes. */
export async function meetCustomer(
  { desk, screen }: Stage,
  number: string,
  name: string,
  tier: string,
  reason?: string,
): Promise<Customer> {
  const upserted = await desk.put<{ customer: Customer }>(`/customers/by-external-id/crm/${number}`, { name });
  let { customer } = upserted;
  if (reason !== undefined) customer = await desk.post<Customer>(`/customers/${customer.id}/tier`, { tier, reason });
  expect(`The tier of ${name}`, customer.tier, tier);
  screen.person('customer', `${customer.name}, tier ${customer.tier}, ${number} in the CRM`);
  return customer;
}

export async function meetContact({ desk, screen }: Stage, customer: Customer, fields: object): Promise<Contact> {
  const person = { ...fields, customerId: customer.id };
  const { contact } = await desk.post<{ contact: Contact }>('/contacts/find-or-create', person);
  const identities = contact.identities.map(({ kind, value }) => `${kind} ${value}`).join(', ');
  screen.person('contact', `${contact.name}, called ${contact.salutation}; ${identities}`);
  return contact;
}

/** Moves the clock, and shows what the desk did on the way; answers these events, `expected` ones among them. */
export async function advance(stage: Stage, to: string, ...expected: string[]): Promise<DeskEvent[]> {
  const { desk, screen } = stage;
  const { now } = await desk.post<{ now: string }>('/test-clock/advance', { to });
  expect('The clock', Date.parse(now), Date.parse(to));
  const events = await desk.until(`${expected.join(' and ')} in the feed`, async () => {
    const found = await desk.events(stage.seen, BY_ITSELF);
    return expected.every((type) => found.some((event) => event.type === type)) ? found : undefined;
  });
  for (const event of events) {
    stage.seen = event.sequence;
    if (event.type === 'clock.warned') screen.warning(event);
    if (event.type === 'clock.breached') screen.breach(event);
  }
  return events;
}

export async function act(
  { desk, screen }: Stage,
  agent: { desk: Desk },
  { id }: Ticket,
  verb: string,
  words: string,
  body: object = {},
): Promise<Ticket> {
  const ticket = await agent.desk.post<Ticket>(`/tickets/${id}/${verb}`, body);
  const { now } = await desk.get<{ now: string }>('/test-clock');
  screen.step(now, words);
  screen.clocks(ticket);
  return ticket;
}

export async function reply(stage: Stage, agent: Agent & { desk: Desk }, ticket: Ticket, who: string, words: string) {
  const body = `${who}, ${words}`;
  const message = await agent.desk.post<Said>(`/tickets/${ticket.id}/messages`, { body });
  return tellSaid(stage, ticket, `${agent.name} answers: “${message.body}”`, message);
}

export async function hear(stage: Stage, ticket: Ticket, who: string, body: string): Promise<Ticket> {
  const message = await stage.desk.post<Said>(`/tickets/${ticket.id}/messages`, { author: 'customer', body });
  return tellSaid(stage, ticket, `${who} writes: “${message.body}”`, message);
}

export interface Said {
  body: string;
  createdAt: string;
}

export async function tellSaid(stage: Stage, before: Ticket, words: string, { createdAt }: Said): Promise<Ticket> {
  const ticket = await reread(stage, before);
  stage.screen.step(createdAt, words);
  stage.screen.clocks(ticket);
  return ticket;
}

async function reread({ desk }: Stage, { id }: Ticket): Promise<Ticket> {
  return desk.get<Ticket>(`/tickets/${id}?include=clocks`);
}

/** Waits for the survey that goes out by itself. */
export async function surveyed(stage: Stage, ticket: Ticket, at: string, language: string): Promise<Invitation> {
  const { desk, screen } = stage;
  await advance(stage, at, 'survey.invited');
  const query = `/survey-invitations?ticketId=${ticket.id}&state=sent`;
  const { data } = await desk.get<{ data: (Invitation & { sentAt: string })[] }>(query);
  expect('Invitations to the survey', data.length, 1);
  const [invitation] = data;
  expect('The language of the survey', invitation!.language, language);
  screen.step(invitation!.sentAt, `the survey goes out by itself, in ${invitation!.language}`);
  screen.detail(invitation!.url);
  return invitation!;
}

export async function tellAnswer(stage: Stage, ticket: Ticket, words: string, overall: number): Promise<void> {
  const { desk, screen } = stage;
  const { data } = await desk.get<{ data: SurveyAnswer[] }>(`/survey-answers?ticketId=${ticket.id}`);
  const [answer] = data;
  expect('The answer', answer?.overall, overall);
  screen.step(
    answer!.answeredAt,
    `${words}: ${'★'.repeat(answer!.overall)}${'☆'.repeat(answer!.scale - answer!.overall)}`,
  );
  const dimensions = Object.entries(answer!.dimensions).map(([key, score]) => `${key} ${score}`);
  screen.detail(`${dimensions.join(', ')}; “${answer!.comment}”`);
}

// ── What must be so ─────────────────────────────────────────────────────────────────────────────────────────────────

export function expectDue(ticket: Ticket, metric: string, at: string): void {
  const clock = ticket.clocks.find((candidate) => candidate.metric === metric);
  const due = clock?.dueAt ?? null;
  expect(`When ${metric} is due`, due, new Date(at).toISOString().replace('.000', ''));
}

export function expectState(ticket: Ticket, metric: string, state: string): void {
  expect(`How ${metric} stands`, ticket.clocks.find((clock) => clock.metric === metric)?.state, state);
}
