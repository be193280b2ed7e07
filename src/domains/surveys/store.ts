/** Reads of the surveys domain. */

import { and, eq, sql } from 'drizzle-orm';
import { type Db, statement } from '../../db/connect.ts';
import { surveyTemplates } from '../../db/tables/surveys.ts';

export type SurveyTemplateRow = typeof surveyTemplates.$inferSelect;

/** The survey that goes out by itself after a ticket is solved, if the workspace has one. */
export async function findAutomaticTemplate(db: Db, workspaceId: number): Promise<SurveyTemplateRow | undefined> {
  const query = statement(db, 'find_automatic_survey', (orm, name) =>
    orm
      .select()
      .from(surveyTemplates)
      .where(and(eq(surveyTemplates.workspaceId, sql.placeholder('workspace')), eq(surveyTemplates.automatic, true)))
      .limit(1)
      .prepare(name),
  );
  const [row] = await query.execute({ workspace: workspaceId });
  return row;
}
