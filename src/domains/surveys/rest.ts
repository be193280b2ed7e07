/** REST lines of the surveys domain. */

import { type ExportRoute, exported } from '../../doors/rest/export.ts';
import { type Route, route } from '../../doors/rest/route.ts';
import { answerSurvey, getSurvey, listAnswers, readAnswer } from './answers.ts';
import { cancelSurveyInvitation, inviteToSurvey, listInvitations, readInvitation } from './operations.ts';
import { getSatisfaction } from './satisfaction.ts';
import { templateResource } from './templates.ts';

export const surveyRoutes: Route[] = [
  route('POST /survey-templates', templateResource.create),
  route('GET /survey-templates', templateResource.list),
  route('GET /survey-templates/:surveyTemplateId', templateResource.get),
  route('PATCH /survey-templates/:surveyTemplateId', templateResource.update),
  route('DELETE /survey-templates/:surveyTemplateId', templateResource.remove),
  route('POST /tickets/:ticketId/survey-invitations', inviteToSurvey),
  route('GET /survey-invitations', listInvitations),
  route('GET /survey-invitations/:invitationId', readInvitation),
  route('POST /survey-invitations/:invitationId/cancel', cancelSurveyInvitation),
  route('GET /surveys/:token', getSurvey),
  route('POST /survey-answers', answerSurvey),
  route('GET /survey-answers', listAnswers),
  route('GET /survey-answers/:answerId', readAnswer),
  route('GET /satisfaction', getSatisfaction),
];

export const surveyExports: ExportRoute[] = [exported('survey-answers', listAnswers)];
