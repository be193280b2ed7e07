/** Words of the surveys domain: what is asked, who was asked, what they said, and what it amounts to. */

import { z } from 'zod';
import { zDuration, zId, zInstant, zIsoInstant, zKey, zPage, zPaging, zStamps, zText } from '../model.ts';

const DAY = 86_400;

/** Characters a comment may have. */
export const LONGEST_COMMENT = 2000;

export const zSurveyLanguage = z.enum(['zh-CN', 'en']);

const nullableId = (words: string) => z.string().nullable().meta({ scalar: 'ID' }).describe(words);
const share = (words: string) => z.number().nullable().describe(`${words} 0 to 1; null of nothing.`);

// ── Templates ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** The same words in each language; of these languages alone. */
const zLabel = z
  .strictObject({
    'zh-CN': zText(200).optional().describe('In Chinese.'),
    en: zText(200).optional().describe('In English.'),
  })
  .refine((label) => Object.values(label).some((text) => text !== undefined), 'Expected zh-CN, en or both.')
  .meta({ scalar: 'JSON', examples: [{ 'zh-CN': '服务态度', en: 'Attitude' }] });

const zQuestion = z
  .strictObject({
    'zh-CN': zText(300).nullish().describe('In Chinese.'),
    en: zText(300).nullish().describe('In English.'),
  })
  .meta({
    scalar: 'JSON',
    examples: [{ 'zh-CN': '您对这次服务满意吗？', en: 'Are you satisfied with this service?' }],
  });

const SurveyDimension = z
  .strictObject({
    key: zKey.describe('How answers name it.'),
    label: zLabel.describe('What is asked, by language: {"zh-CN": …, "en": …}; one language at least.'),
  })
  .meta({ id: 'SurveyDimension', description: 'One aspect that is scored beside the whole.' });

/** A span within bounds, in seconds. */
function zSpan(least: number, most: number, bounds: string) {
  return zDuration
    .refine((seconds) => seconds >= least && seconds <= most, `Expected ${bounds}.`)
    .meta({ scalar: 'Duration', examples: ['P14D'] });
}

const zScale = z.int().min(5).max(7);

export const templateFields = {
  key: zKey.describe('How people and plans name it; never changes.'),
  name: zText(100).describe('What people call it.'),
  scale: zScale.default(5).describe('Points of every score, 5 to 7; stays once somebody was invited.'),
  dimensions: z
    .array(SurveyDimension)
    .max(10)
    .default([])
    .describe('Aspects that are scored beside the whole; answering them is optional.'),
  question: zQuestion
    .default({})
    .describe("What is asked of the whole, by language; the desk's own words where nothing is said."),
  lowThreshold: z
    .int()
    .min(1)
    .max(6)
    .optional()
    .describe('An overall score up to this one is low; 2 of 5 or 6 points and 3 of 7 unless told.'),
  sendAfter: zSpan(0, 90 * DAY, 'at most 90 days')
    .prefault('PT24H')
    .describe('How long after the solution it goes out by itself; a day is 24 hours.'),
  validFor: zSpan(60, 366 * DAY, 'a minute to 366 days')
    .prefault('P14D')
    .describe('How long an invitation can be answered; a day is 24 hours.'),
  editableFor: zSpan(0, 366 * DAY, 'at most 366 days')
    .prefault('P7D')
    .describe('How long an answer can be changed after it was given; a day is 24 hours.'),
  automatic: z.boolean().default(false).describe('Goes out by itself after a ticket is solved; at most one does.'),
};

const zSpanView = z.string().meta({ scalar: 'Duration', examples: ['P14D'] });

export const SurveyTemplate = z
  .object({
    id: zId('surveyTemplate').describe('TypeID.'),
    key: z.string().describe('How people and plans name it.'),
    name: z.string().describe('What people call it.'),
    scale: z.int().describe('Points of every score, 5 to 7.'),
    dimensions: z
      .array(
        z
          .object({
            key: z.string().describe('How answers name it.'),
            label: z.record(z.string(), z.string()).meta({ scalar: 'JSON' }).describe('What is asked, by language.'),
          })
          .meta({ id: 'SurveyTemplateDimension', description: 'One aspect that is scored beside the whole.' }),
      )
      .describe('Aspects that are scored beside the whole.'),
    question: z
      .record(z.string(), z.string())
      .meta({ scalar: 'JSON' })
      .describe("What is asked of the whole, by language; the desk's own words where nothing is said."),
    lowThreshold: z.int().describe('An overall score up to this one is low; so is any dimension scored 1.'),
    sendAfter: zSpanView.describe('How long after the solution it goes out by itself; a day is 24 hours.'),
    validFor: zSpanView.describe('How long an invitation can be answered; a day is 24 hours.'),
    editableFor: zSpanView.describe('How long an answer can be changed after it was given; a day is 24 hours.'),
    automatic: z.boolean().describe('Goes out by itself after a ticket is solved; at most one does.'),
    ...zStamps,
  })
  .meta({ id: 'SurveyTemplate', description: 'What customers are asked after a solution.' });

// ── Invitations ─────────────────────────────────────────────────────────────────────────────────────────────────────

export const zInvitationState = z.enum(['sent', 'answered', 'expired', 'cancelled']).meta({
  id: 'InvitationState',
  description:
    'sent: can be answered. expired: was not answered in time. cancelled: taken back, or the ticket reopened.',
});

export const SurveyInvitation = z
  .object({
    id: zId('invitation').describe('TypeID.'),
    ticketId: zId('ticket').describe('The ticket it asks about.'),
    templateId: zId('surveyTemplate').describe('What is asked.'),
    contactId: nullableId('Who is asked; null when the ticket has no contact.'),
    language: zSurveyLanguage.describe('Language it asks in: zh-CN or en.'),
    state: zInvitationState.describe('How it stands now.'),
    url: z
      .string()
      .nullable()
      .describe('The hosted page; whoever has it can answer. Null without surveys:read, and in a replay.'),
    token: z
      .string()
      .nullable()
      .describe('For a form of your own: see getSurvey and answerSurvey. Null without surveys:read, and in a replay.'),
    sentAt: zIsoInstant.describe('When the customer was asked.'),
    expiresAt: zIsoInstant.describe('From then on it cannot be answered.'),
    answerId: nullableId('What they answered; null before.'),
    ...zStamps,
  })
  .meta({ id: 'SurveyInvitation', description: 'One question to one person about one ticket.' });

export const listInvitationFields = {
  ...zPaging,
  ticketId: zId('ticket').optional().describe('About this ticket.'),
  state: zInvitationState.optional().describe('How they stand now.'),
};

export const SurveyInvitationPage = zPage(SurveyInvitation);

// ── Answers ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const zScores = z
  .record(z.string().max(64), z.int().min(1).max(7))
  .meta({ scalar: 'JSON', examples: [{ efficiency: 4, attitude: 5 }] });

export const zToken = z
  .string()
  .max(200)
  .describe('The end of the survey link.')
  .meta({ examples: ['01k9zv3m5qe8w9y2f4h6j8m0n1Zr7QmXoH2kPq8VbN4tYcJg'] });

export const answerFields = {
  overall: z.int().min(1).max(7).describe("The whole, from 1 to the survey's highest point; more is better."),
  dimensions: zScores.default({}).describe('Scores by the keys of dimensions; those left out were not answered.'),
  comment: z
    .string()
    .trim()
    .max(LONGEST_COMMENT)
    .nullable()
    .default(null)
    .describe('In their own words, plain text; null: nothing.'),
};

export const SurveyAnswer = z
  .object({
    id: zId('answer').describe('TypeID.'),
    invitationId: zId('invitation').describe('The invitation it answers.'),
    ticketId: zId('ticket').describe('The ticket it is about.'),
    overall: z.int().describe('The whole, from 1 to scale; more is better.'),
    scale: z.int().describe('Points of every score.'),
    dimensions: z.record(z.string(), z.int()).meta({ scalar: 'JSON' }).describe('Scores by the keys of dimensions.'),
    comment: z.string().nullable().describe('In their own words; null: nothing.'),
    low: z.boolean().describe('Overall at or below the threshold, or any dimension scored 1.'),
    answeredAt: zIsoInstant.describe('When it was first given.'),
    ...zStamps,
  })
  .meta({ id: 'SurveyAnswer', description: 'What a customer said of a solution.' });

export const listAnswerFields = {
  ...zPaging,
  ticketId: zId('ticket').optional().describe('About this ticket.'),
  low: z.boolean().optional().describe('true: the low ones; false: the others.'),
  answeredAfter: zInstant.optional().describe('First given at or after.'),
  answeredBefore: zInstant.optional().describe('First given before.'),
  updatedAfter: zInstant
    .optional()
    .describe('Only what was given or changed at or after this instant, oldest change first; none is ever deleted.'),
};

export const SurveyAnswerPage = zPage(SurveyAnswer);

/** What a form needs to be shown. */
export const Survey = z
  .object({
    workspaceName: z.string().describe('Who asks.'),
    colour: z.string().describe('Their accent, #rrggbb.'),
    language: zSurveyLanguage.describe('Language of the texts: zh-CN or en.'),
    ticketNumber: z.int().describe('The ticket that is asked about, as people say it.'),
    ticketSubject: z.string().describe('The ticket in one line.'),
    scale: z.int().describe('Points of every score, 5 to 7.'),
    question: z.string().nullable().describe("What is asked of the whole; null: in the form's own words."),
    dimensions: z
      .array(
        z
          .object({
            key: z.string().describe('How the answer names it.'),
            label: z.string().describe('What is asked, in the language.'),
          })
          .meta({ id: 'SurveyAspect', description: 'One aspect, in one language.' }),
      )
      .describe('Aspects that may be scored, too.'),
    commentLimit: z.int().describe('Characters a comment may have.'),
    answer: z
      .object({
        overall: z.int().describe('The whole.'),
        dimensions: z
          .record(z.string(), z.int())
          .meta({ scalar: 'JSON' })
          .describe('Scores by the keys of dimensions.'),
        comment: z.string().nullable().describe('In their own words; null: nothing.'),
      })
      .meta({ id: 'SurveyAnswerGiven', description: 'What was answered so far.' })
      .nullable()
      .describe('What was answered so far; null: nothing yet.'),
    open: z.boolean().describe('Whether it can be answered, or its answer changed, now.'),
    openUntil: zIsoInstant.describe('From then on it cannot be answered, or its answer not be changed.'),
  })
  .meta({ id: 'Survey', description: 'What a customer is asked by one link.' });

// ── Satisfaction ────────────────────────────────────────────────────────────────────────────────────────────────────

const keys = (words: string) => z.array(zKey).max(20).optional().describe(words);

export const satisfactionFields = {
  from: zInstant.optional().describe('Answers given at or after; 30 days before `to` unless told.'),
  to: zInstant.optional().describe('Answers given before; up to now, now included, unless told.'),
  templateId: zId('surveyTemplate').optional().describe('Answers to this survey.'),
  tier: keys('Keys of tiers, as the tickets have them.'),
  kind: keys('Keys of kinds.'),
  channel: keys('Keys of channels.'),
  problemType: keys('Keys of problem types.'),
  product: keys('Keys of products.'),
  customerId: zId('customer').optional().describe('Whose tickets.'),
  teamId: zId('team').optional().describe("Tickets in this team's queue."),
  assigneeId: zId('agent').optional().describe('Tickets of this agent.'),
};

export const Satisfaction = z
  .object({
    from: zIsoInstant.describe('Beginning of the period.'),
    to: zIsoInstant.describe('End of the period, not of it.'),
    answers: z.int().describe('Answers first given in the period.'),
    csat: share('Share of answers in the two highest points of their scale: 4 and 5 of 5, 5 and 6 of 6, 6 and 7 of 7.'),
    average: z
      .number()
      .nullable()
      .describe('Mean of the overall scores; null without answers, and where they are of several scales: see scales.'),
    lowShare: share('Share of low answers.'),
    invitations: z.int().describe('Invitations sent in the period, without those taken back.'),
    responses: z.int().describe('How many of these invitations are answered by now.'),
    responseRate: share('Responses by invitations.'),
    scales: z
      .array(
        z
          .object({
            scale: z.int().describe('Points, 5 to 7.'),
            answers: z.int().describe('Answers on this scale.'),
            average: z.number().describe('Mean of their overall scores.'),
            distribution: z
              .array(
                z
                  .object({
                    score: z.int().describe('The overall score.'),
                    answers: z.int().describe('How many gave it.'),
                  })
                  .meta({ id: 'ScoreCount', description: 'How many answers gave one score.' }),
              )
              .describe('Every point of the scale, from 1.'),
          })
          .meta({ id: 'ScaleSatisfaction', description: 'Answers on one scale.' }),
      )
      .describe('By the scale of the answers; one entry unless surveys of several scales are mixed.'),
    dimensions: z
      .array(
        z
          .object({
            key: z.string().describe('The dimension.'),
            scale: z.int().describe('Points, 5 to 7.'),
            answers: z.int().describe('Answers that scored it.'),
            average: z.number().describe('Mean of these scores.'),
          })
          .meta({ id: 'DimensionSatisfaction', description: 'Scores of one dimension on one scale.' }),
      )
      .describe('By dimension and scale, in the order of keys.'),
  })
  .meta({ id: 'Satisfaction', description: 'What the answers of a period amount to.' });
