/** GraphQL lines of the surveys domain. */

import { connection, type Field, mutation, query } from '../../doors/graphql/field.ts';
import { answerSurvey, getSurvey, listAnswers, readAnswer } from './answers.ts';
import { cancelSurveyInvitation, inviteToSurvey, listInvitations, readInvitation } from './operations.ts';
import { getSatisfaction } from './satisfaction.ts';
import { templateResource } from './templates.ts';

export const surveyFields: Field[] = [
  mutation(templateResource.create, 'surveyTemplate'),
  connection(templateResource.list, 'surveyTemplates'),
  query(templateResource.get, 'surveyTemplate'),
  mutation(templateResource.update, 'surveyTemplate'),
  mutation(templateResource.remove, 'deleted'),
  mutation(inviteToSurvey, 'invitation'),
  connection(listInvitations, 'surveyInvitations'),
  query(readInvitation, 'surveyInvitation'),
  mutation(cancelSurveyInvitation, 'invitation'),
  query(getSurvey, 'survey'),
  mutation(answerSurvey, 'answer'),
  connection(listAnswers, 'surveyAnswers'),
  query(readAnswer, 'surveyAnswer'),
  query(getSatisfaction, 'satisfaction'),
];
