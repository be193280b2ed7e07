-- 0001: the first tables. Every workspace-owned table's key begins with workspace_id and every foreign key carries it,
-- so a row of one workspace cannot point into another.


CREATE TABLE "contacts" (
  "workspace_id" integer NOT NULL,
  "id" uuid NOT NULL,
  "customer_id" uuid,
  "name" text NOT NULL,
  "family_name" text,
  "honorific" text,
  "title" text,
  "preferred_channel" text,
  "preferred_hours" text,
  "language" text,
  "time_zone" text,
  "tags" text[] NOT NULL,
  "external_ids" jsonb NOT NULL,
  "identities" jsonb NOT NULL,
  "search" "tsvector" NOT NULL,
  "version" integer DEFAULT 1 NOT NULL,
  "created_at" timestamptz(0) NOT NULL,
  "updated_at" timestamptz(0) NOT NULL,
  CONSTRAINT "contacts_pkey" PRIMARY KEY("workspace_id","id")
);

CREATE TABLE "customers" (
  "workspace_id" integer NOT NULL,
  "id" uuid NOT NULL,
  "name" text NOT NULL,
  "tier" text,
  "tier_since" timestamptz(0),
  "profile" jsonb NOT NULL,
  "tags" text[] NOT NULL,
  "external_ids" jsonb NOT NULL,
  "preferred_channel" text,
  "language" text,
  "time_zone" text,
  "notes" text,
  "search" "tsvector" NOT NULL,
  "version" integer DEFAULT 1 NOT NULL,
  "created_at" timestamptz(0) NOT NULL,
  "updated_at" timestamptz(0) NOT NULL,
  CONSTRAINT "customers_pkey" PRIMARY KEY("workspace_id","id")
);

CREATE TABLE "external_ids" (
  "workspace_id" integer NOT NULL,
  "resource" text NOT NULL,
  "system" text NOT NULL,
  "value" text NOT NULL,
  "subject" text NOT NULL,
  CONSTRAINT "external_ids_pkey" PRIMARY KEY("workspace_id","resource","system","value")
);

CREATE TABLE "identities" (
  "workspace_id" integer NOT NULL,
  "kind" text NOT NULL,
  "value" text NOT NULL,
  "contact_id" uuid NOT NULL,
  CONSTRAINT "identities_pkey" PRIMARY KEY("workspace_id","kind","value")
);

CREATE TABLE "tier_changes" (
  "workspace_id" integer NOT NULL,
  "customer_id" uuid NOT NULL,
  "position" integer NOT NULL,
  "tier" text NOT NULL,
  "valid_from" timestamptz(0) NOT NULL,
  "valid_to" timestamptz(0),
  "source" text NOT NULL,
  "reason" text,
  "actor" text NOT NULL,
  "version" integer DEFAULT 1 NOT NULL,
  CONSTRAINT "tier_changes_pkey" PRIMARY KEY("workspace_id","customer_id","position")
);

CREATE TABLE "tiers" (
  "workspace_id" integer NOT NULL,
  "id" uuid NOT NULL,
  "key" text NOT NULL,
  "name" text NOT NULL,
  "description" text,
  "position" integer NOT NULL,
  "version" integer DEFAULT 1 NOT NULL,
  "created_at" timestamptz(0) NOT NULL,
  "updated_at" timestamptz(0) NOT NULL,
  CONSTRAINT "tiers_pkey" PRIMARY KEY("workspace_id","id"),
  CONSTRAINT "tiers_key_key" UNIQUE("workspace_id","key"),
  -- Checked at the end of the statement, so that tiers change places in one.
  CONSTRAINT "tiers_position_key" UNIQUE("workspace_id","position") DEFERRABLE INITIALLY IMMEDIATE
);

CREATE TABLE "events" (
  "workspace_id" integer NOT NULL,
  "epoch" integer NOT NULL,
  "tx" "xid8" DEFAULT pg_current_xact_id() NOT NULL,
  "id" uuid NOT NULL,
  "type" text NOT NULL,
  "occurred_at" timestamptz(0) NOT NULL,
  "recorded_at" timestamp(3) with time zone DEFAULT clock_timestamp() NOT NULL,
  "actor" text NOT NULL,
  "door" text NOT NULL,
  "subject" text NOT NULL,
  "data" jsonb NOT NULL,
  CONSTRAINT "events_pkey" PRIMARY KEY("workspace_id","epoch","tx","id")
);

CREATE TABLE "idempotency_keys" (
  "workspace_id" integer NOT NULL,
  "key" text NOT NULL,
  "operation" text NOT NULL,
  "request_hash" text NOT NULL,
  "response" json NOT NULL,
  "created_at" timestamptz(0) NOT NULL,
  CONSTRAINT "idempotency_keys_pkey" PRIMARY KEY("workspace_id","key")
);

CREATE TABLE "instance" (
  "singleton" boolean PRIMARY KEY DEFAULT true NOT NULL,
  "epoch" integer NOT NULL,
  "last_tx" "xid8" NOT NULL
);

CREATE TABLE "number_blocks" (
  "workspace_id" integer NOT NULL,
  "next" bigint NOT NULL,
  CONSTRAINT "number_blocks_pkey" PRIMARY KEY("workspace_id")
);

CREATE TABLE "timers" (
  "workspace_id" integer NOT NULL,
  "kind" text NOT NULL,
  "subject" text NOT NULL,
  "due" timestamptz(0),
  "live" boolean NOT NULL,
  "lease_until" timestamp(3) with time zone,
  CONSTRAINT "timers_pkey" PRIMARY KEY("workspace_id","kind","subject")
);

CREATE TABLE "tombstones" (
  "workspace_id" integer NOT NULL,
  "resource" text NOT NULL,
  "subject" text NOT NULL,
  "deleted_at" timestamptz(0) NOT NULL,
  CONSTRAINT "tombstones_pkey" PRIMARY KEY("workspace_id","resource","subject")
);

CREATE TABLE "calendars" (
  "workspace_id" integer NOT NULL,
  "id" uuid NOT NULL,
  "key" text NOT NULL,
  "name" text NOT NULL,
  "definition" jsonb NOT NULL,
  "version" integer DEFAULT 1 NOT NULL,
  "created_at" timestamptz(0) NOT NULL,
  "updated_at" timestamptz(0) NOT NULL,
  CONSTRAINT "calendars_pkey" PRIMARY KEY("workspace_id","id"),
  CONSTRAINT "calendars_key_key" UNIQUE("workspace_id","key")
);

CREATE TABLE "policies" (
  "workspace_id" integer NOT NULL,
  "id" uuid NOT NULL,
  "key" text NOT NULL,
  "name" text NOT NULL,
  "position" integer NOT NULL,
  "definition" jsonb NOT NULL,
  "version" integer DEFAULT 1 NOT NULL,
  "created_at" timestamptz(0) NOT NULL,
  "updated_at" timestamptz(0) NOT NULL,
  CONSTRAINT "policies_pkey" PRIMARY KEY("workspace_id","id"),
  CONSTRAINT "policies_key_key" UNIQUE("workspace_id","key")
);

CREATE TABLE "service_level_versions" (
  "workspace_id" integer NOT NULL,
  "number" integer NOT NULL,
  "policies" jsonb NOT NULL,
  "calendars" jsonb NOT NULL,
  "created_at" timestamptz(0) NOT NULL,
  CONSTRAINT "service_level_versions_pkey" PRIMARY KEY("workspace_id","number")
);

CREATE TABLE "survey_answers" (
  "workspace_id" integer NOT NULL,
  "id" uuid NOT NULL,
  "invitation_id" uuid NOT NULL,
  "ticket_id" uuid NOT NULL,
  "overall" integer NOT NULL,
  "scale" integer NOT NULL,
  "dimensions" jsonb NOT NULL,
  "comment" text,
  "low" boolean NOT NULL,
  "answered_at" timestamptz(0) NOT NULL,
  "version" integer DEFAULT 1 NOT NULL,
  "created_at" timestamptz(0) NOT NULL,
  "updated_at" timestamptz(0) NOT NULL,
  CONSTRAINT "survey_answers_pkey" PRIMARY KEY("workspace_id","id"),
  CONSTRAINT "survey_answers_invitation_key" UNIQUE("workspace_id","invitation_id")
);

CREATE TABLE "survey_invitations" (
  "workspace_id" integer NOT NULL,
  "id" uuid NOT NULL,
  "template_id" uuid NOT NULL,
  "ticket_id" uuid NOT NULL,
  "contact_id" uuid,
  "language" text NOT NULL,
  "state" text NOT NULL,
  "sent_at" timestamptz(0) NOT NULL,
  "expires_at" timestamptz(0) NOT NULL,
  "version" integer DEFAULT 1 NOT NULL,
  "created_at" timestamptz(0) NOT NULL,
  "updated_at" timestamptz(0) NOT NULL,
  CONSTRAINT "survey_invitations_pkey" PRIMARY KEY("workspace_id","id"),
  CONSTRAINT "survey_invitations_id_key" UNIQUE("id")
);

CREATE TABLE "survey_templates" (
  "workspace_id" integer NOT NULL,
  "id" uuid NOT NULL,
  "key" text NOT NULL,
  "name" text NOT NULL,
  "scale" integer NOT NULL,
  "dimensions" jsonb NOT NULL,
  "question" jsonb NOT NULL,
  "low_threshold" integer NOT NULL,
  "send_after_seconds" integer NOT NULL,
  "valid_seconds" integer NOT NULL,
  "editable_seconds" integer NOT NULL,
  "automatic" boolean NOT NULL,
  "version" integer DEFAULT 1 NOT NULL,
  "created_at" timestamptz(0) NOT NULL,
  "updated_at" timestamptz(0) NOT NULL,
  CONSTRAINT "survey_templates_pkey" PRIMARY KEY("workspace_id","id"),
  CONSTRAINT "survey_templates_key_key" UNIQUE("workspace_id","key")
);

CREATE TABLE "clocks" (
  "workspace_id" integer NOT NULL,
  "id" uuid NOT NULL,
  "ticket_id" uuid NOT NULL,
  "metric" text NOT NULL,
  "cycle" integer NOT NULL,
  "state" text NOT NULL,
  "target" text NOT NULL,
  "policy_key" text NOT NULL,
  "policy_version" integer NOT NULL,
  "started_at" timestamptz(0) NOT NULL,
  "due_at" timestamptz(0),
  "warn_at" timestamptz(0)[],
  "elapsed_seconds" bigint NOT NULL,
  "paused_seconds" bigint NOT NULL,
  "stopped_at" timestamptz(0),
  "breached" boolean NOT NULL,
  "breached_at" timestamptz(0),
  "said" text[] NOT NULL,
  CONSTRAINT "clocks_pkey" PRIMARY KEY("workspace_id","id"),
  CONSTRAINT "clocks_cycle_key" UNIQUE("workspace_id","ticket_id","metric","cycle")
);

CREATE TABLE "messages" (
  "workspace_id" integer NOT NULL,
  "id" uuid NOT NULL,
  "ticket_id" uuid NOT NULL,
  "visibility" text NOT NULL,
  "author" text NOT NULL,
  "agent_id" uuid,
  "contact_id" uuid,
  "channel" text NOT NULL,
  "body" text NOT NULL,
  "search" "tsvector" NOT NULL,
  "created_at" timestamptz(0) NOT NULL,
  CONSTRAINT "messages_pkey" PRIMARY KEY("workspace_id","id")
);

CREATE TABLE "ticket_events" (
  "workspace_id" integer NOT NULL,
  "ticket_id" uuid NOT NULL,
  "position" integer NOT NULL,
  "at" timestamptz(0) NOT NULL,
  "type" text NOT NULL,
  "data" jsonb NOT NULL,
  "actor" text NOT NULL,
  "door" text NOT NULL,
  CONSTRAINT "ticket_events_pkey" PRIMARY KEY("workspace_id","ticket_id","position")
);

CREATE TABLE "tickets" (
  "workspace_id" integer NOT NULL,
  "id" uuid NOT NULL,
  "number" bigint NOT NULL,
  "subject" text NOT NULL,
  "kind" text NOT NULL,
  "channel" text NOT NULL,
  "priority" text NOT NULL,
  "tier" text,
  "status" text NOT NULL,
  "status_category" text NOT NULL,
  "problem_type" text,
  "product" text,
  "complexity" text,
  "close_code" text,
  "custom_fields" jsonb NOT NULL,
  "fault" jsonb,
  "customer_id" uuid,
  "contact_id" uuid,
  "assignee_id" uuid,
  "team_id" uuid,
  "tags" text[] NOT NULL,
  "external_ids" jsonb NOT NULL,
  "accepted_at" timestamptz(0),
  "understanding_confirmed_at" timestamptz(0),
  "first_responded_at" timestamptz(0),
  "solved_at" timestamptz(0),
  "closed_at" timestamptz(0),
  "suspended_until" timestamptz(0),
  "survey_at" timestamptz(0),
  "next_due_at" timestamptz(0),
  "chase_count" integer NOT NULL,
  "reopen_count" integer NOT NULL,
  "customer_message_count" integer NOT NULL,
  "agent_reply_count" integer NOT NULL,
  "merged_into_id" uuid,
  "search" "tsvector" NOT NULL,
  "revision" integer DEFAULT 1 NOT NULL,
  "version" integer DEFAULT 1 NOT NULL,
  "created_at" timestamptz(0) NOT NULL,
  "updated_at" timestamptz(0) NOT NULL,
  CONSTRAINT "tickets_pkey" PRIMARY KEY("workspace_id","id"),
  CONSTRAINT "tickets_number_key" UNIQUE("workspace_id","number")
);

CREATE TABLE "agents" (
  "workspace_id" integer NOT NULL,
  "id" uuid NOT NULL,
  "name" text NOT NULL,
  "email" text NOT NULL,
  "role" text NOT NULL,
  "skills" text[] NOT NULL,
  "languages" text[] NOT NULL,
  "seniority_years" integer NOT NULL,
  "capacity" integer NOT NULL,
  "available" boolean NOT NULL,
  "active" boolean NOT NULL,
  "team_ids" uuid[] NOT NULL,
  "version" integer DEFAULT 1 NOT NULL,
  "created_at" timestamptz(0) NOT NULL,
  "updated_at" timestamptz(0) NOT NULL,
  CONSTRAINT "agents_pkey" PRIMARY KEY("workspace_id","id"),
  CONSTRAINT "agents_email_key" UNIQUE("workspace_id","email")
);

CREATE TABLE "api_keys" (
  "workspace_id" integer NOT NULL,
  "id" uuid NOT NULL,
  "name" text NOT NULL,
  "role" text NOT NULL,
  "scopes" text[] NOT NULL,
  "hash" text NOT NULL,
  "hint" text NOT NULL,
  "instance_admin" boolean DEFAULT false NOT NULL,
  "agent_id" uuid,
  "customer_id" uuid,
  "expires_at" timestamptz(0),
  "last_used_at" timestamptz(0),
  "revoked_at" timestamptz(0),
  "version" integer DEFAULT 1 NOT NULL,
  "created_at" timestamptz(0) NOT NULL,
  "updated_at" timestamptz(0) NOT NULL,
  CONSTRAINT "api_keys_pkey" PRIMARY KEY("workspace_id","id"),
  CONSTRAINT "api_keys_hash_key" UNIQUE("hash")
);

CREATE TABLE "clients" (
  "workspace_id" integer NOT NULL,
  "id" uuid NOT NULL,
  "name" text NOT NULL,
  "role" text NOT NULL,
  "scopes" text[] NOT NULL,
  "secret_hash" text NOT NULL,
  "agent_id" uuid,
  "expires_at" timestamptz(0),
  "last_used_at" timestamptz(0),
  "revoked_at" timestamptz(0),
  "version" integer DEFAULT 1 NOT NULL,
  "created_at" timestamptz(0) NOT NULL,
  "updated_at" timestamptz(0) NOT NULL,
  CONSTRAINT "clients_pkey" PRIMARY KEY("workspace_id","id"),
  CONSTRAINT "clients_id_key" UNIQUE("id")
);

CREATE TABLE "custom_fields" (
  "workspace_id" integer NOT NULL,
  "id" uuid NOT NULL,
  "key" text NOT NULL,
  "name" text NOT NULL,
  "type" text NOT NULL,
  "options" jsonb NOT NULL,
  "kinds" text[] NOT NULL,
  "required_at" text,
  "position" integer NOT NULL,
  "version" integer DEFAULT 1 NOT NULL,
  "created_at" timestamptz(0) NOT NULL,
  "updated_at" timestamptz(0) NOT NULL,
  CONSTRAINT "custom_fields_pkey" PRIMARY KEY("workspace_id","id"),
  CONSTRAINT "custom_fields_key_key" UNIQUE("workspace_id","key")
);

CREATE TABLE "teams" (
  "workspace_id" integer NOT NULL,
  "id" uuid NOT NULL,
  "name" text NOT NULL,
  "description" text,
  "lead_id" uuid,
  "version" integer DEFAULT 1 NOT NULL,
  "created_at" timestamptz(0) NOT NULL,
  "updated_at" timestamptz(0) NOT NULL,
  CONSTRAINT "teams_pkey" PRIMARY KEY("workspace_id","id"),
  CONSTRAINT "teams_name_key" UNIQUE("workspace_id","name")
);

CREATE TABLE "terms" (
  "workspace_id" integer NOT NULL,
  "list" text NOT NULL,
  "key" text NOT NULL,
  "name" text NOT NULL,
  "position" integer NOT NULL,
  "parent_key" text,
  "category" text,
  "active" boolean NOT NULL,
  "version" integer DEFAULT 1 NOT NULL,
  "created_at" timestamptz(0) NOT NULL,
  "updated_at" timestamptz(0) NOT NULL,
  CONSTRAINT "terms_pkey" PRIMARY KEY("workspace_id","list","key")
);

CREATE TABLE "workspaces" (
  "workspace_id" integer PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY (sequence name "workspaces_workspace_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
  "id" uuid NOT NULL,
  "name" text NOT NULL,
  "mode" text NOT NULL,
  "test_now" timestamptz(0),
  "time_zone" text NOT NULL,
  "language" text NOT NULL,
  "currency" text NOT NULL,
  "colour" text NOT NULL,
  "service_level_version" integer DEFAULT 0 NOT NULL,
  "version" integer DEFAULT 1 NOT NULL,
  "created_at" timestamptz(0) NOT NULL,
  "updated_at" timestamptz(0) NOT NULL,
  CONSTRAINT "workspaces_id_key" UNIQUE("id")
);
ALTER TABLE "contacts" ADD CONSTRAINT "contacts_customer_fkey" FOREIGN KEY ("workspace_id","customer_id") REFERENCES "public"."customers"("workspace_id","id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "contacts" ADD CONSTRAINT "contacts_workspace_fkey" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("workspace_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "customers" ADD CONSTRAINT "customers_workspace_fkey" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("workspace_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "customers" ADD CONSTRAINT "customers_tier_fkey" FOREIGN KEY ("workspace_id","tier") REFERENCES "public"."tiers"("workspace_id","key") ON DELETE no action ON UPDATE no action;
ALTER TABLE "external_ids" ADD CONSTRAINT "external_ids_workspace_fkey" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("workspace_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "identities" ADD CONSTRAINT "identities_contact_fkey" FOREIGN KEY ("workspace_id","contact_id") REFERENCES "public"."contacts"("workspace_id","id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "tier_changes" ADD CONSTRAINT "tier_changes_customer_fkey" FOREIGN KEY ("workspace_id","customer_id") REFERENCES "public"."customers"("workspace_id","id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "tiers" ADD CONSTRAINT "tiers_workspace_fkey" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("workspace_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "number_blocks" ADD CONSTRAINT "number_blocks_workspace_fkey" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("workspace_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "calendars" ADD CONSTRAINT "calendars_workspace_fkey" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("workspace_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "policies" ADD CONSTRAINT "policies_workspace_fkey" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("workspace_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "service_level_versions" ADD CONSTRAINT "service_level_versions_workspace_fkey" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("workspace_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "survey_answers" ADD CONSTRAINT "survey_answers_invitation_fkey" FOREIGN KEY ("workspace_id","invitation_id") REFERENCES "public"."survey_invitations"("workspace_id","id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "survey_answers" ADD CONSTRAINT "survey_answers_ticket_fkey" FOREIGN KEY ("workspace_id","ticket_id") REFERENCES "public"."tickets"("workspace_id","id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "survey_invitations" ADD CONSTRAINT "survey_invitations_template_fkey" FOREIGN KEY ("workspace_id","template_id") REFERENCES "public"."survey_templates"("workspace_id","id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "survey_invitations" ADD CONSTRAINT "survey_invitations_ticket_fkey" FOREIGN KEY ("workspace_id","ticket_id") REFERENCES "public"."tickets"("workspace_id","id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "survey_templates" ADD CONSTRAINT "survey_templates_workspace_fkey" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("workspace_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "clocks" ADD CONSTRAINT "clocks_ticket_fkey" FOREIGN KEY ("workspace_id","ticket_id") REFERENCES "public"."tickets"("workspace_id","id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "messages" ADD CONSTRAINT "messages_ticket_fkey" FOREIGN KEY ("workspace_id","ticket_id") REFERENCES "public"."tickets"("workspace_id","id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "ticket_events" ADD CONSTRAINT "ticket_events_ticket_fkey" FOREIGN KEY ("workspace_id","ticket_id") REFERENCES "public"."tickets"("workspace_id","id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "tickets" ADD CONSTRAINT "tickets_workspace_fkey" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("workspace_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "tickets" ADD CONSTRAINT "tickets_customer_fkey" FOREIGN KEY ("workspace_id","customer_id") REFERENCES "public"."customers"("workspace_id","id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "tickets" ADD CONSTRAINT "tickets_contact_fkey" FOREIGN KEY ("workspace_id","contact_id") REFERENCES "public"."contacts"("workspace_id","id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "tickets" ADD CONSTRAINT "tickets_assignee_fkey" FOREIGN KEY ("workspace_id","assignee_id") REFERENCES "public"."agents"("workspace_id","id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "tickets" ADD CONSTRAINT "tickets_team_fkey" FOREIGN KEY ("workspace_id","team_id") REFERENCES "public"."teams"("workspace_id","id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "tickets" ADD CONSTRAINT "tickets_merged_into_fkey" FOREIGN KEY ("workspace_id","merged_into_id") REFERENCES "public"."tickets"("workspace_id","id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "agents" ADD CONSTRAINT "agents_workspace_fkey" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("workspace_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_workspace_fkey" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("workspace_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_agent_fkey" FOREIGN KEY ("workspace_id","agent_id") REFERENCES "public"."agents"("workspace_id","id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "clients" ADD CONSTRAINT "clients_workspace_fkey" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("workspace_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "custom_fields" ADD CONSTRAINT "custom_fields_workspace_fkey" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("workspace_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "teams" ADD CONSTRAINT "teams_workspace_fkey" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("workspace_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "teams" ADD CONSTRAINT "teams_lead_fkey" FOREIGN KEY ("workspace_id","lead_id") REFERENCES "public"."agents"("workspace_id","id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "terms" ADD CONSTRAINT "terms_workspace_fkey" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("workspace_id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "terms" ADD CONSTRAINT "terms_parent_fkey" FOREIGN KEY ("workspace_id","list","parent_key") REFERENCES "public"."terms"("workspace_id","list","key") ON DELETE no action ON UPDATE no action;
CREATE INDEX "contacts_customer_idx" ON "contacts" USING btree ("workspace_id","customer_id","id");
CREATE INDEX "contacts_created_idx" ON "contacts" USING btree ("workspace_id","created_at","id");
CREATE INDEX "contacts_updated_idx" ON "contacts" USING btree ("workspace_id","updated_at","id");
CREATE INDEX "contacts_search_idx" ON "contacts" USING gin ("search");
CREATE INDEX "customers_created_idx" ON "customers" USING btree ("workspace_id","created_at","id");
CREATE INDEX "customers_updated_idx" ON "customers" USING btree ("workspace_id","updated_at","id");
CREATE INDEX "customers_tier_idx" ON "customers" USING btree ("workspace_id","tier");
CREATE INDEX "customers_search_idx" ON "customers" USING gin ("search");
CREATE INDEX "identities_contact_idx" ON "identities" USING btree ("workspace_id","contact_id");
CREATE INDEX "events_subject_idx" ON "events" USING btree ("workspace_id","subject","epoch","tx","id");
CREATE INDEX "idempotency_keys_created_idx" ON "idempotency_keys" USING btree ("created_at");
CREATE INDEX "timers_due_idx" ON "timers" USING btree ("due") WHERE live and due is not null;
CREATE INDEX "timers_workspace_due_idx" ON "timers" USING btree ("workspace_id","due") WHERE due is not null;
CREATE INDEX "tombstones_deleted_idx" ON "tombstones" USING btree ("workspace_id","resource","deleted_at","subject");
CREATE INDEX "policies_position_idx" ON "policies" USING btree ("workspace_id","position","id");
CREATE INDEX "survey_answers_answered_idx" ON "survey_answers" USING btree ("workspace_id","answered_at","id");
CREATE INDEX "survey_answers_updated_idx" ON "survey_answers" USING btree ("workspace_id","updated_at","id");
CREATE INDEX "survey_answers_ticket_idx" ON "survey_answers" USING btree ("workspace_id","ticket_id");
CREATE INDEX "survey_invitations_ticket_idx" ON "survey_invitations" USING btree ("workspace_id","ticket_id");
CREATE INDEX "survey_invitations_sent_idx" ON "survey_invitations" USING btree ("workspace_id","sent_at","id");
CREATE UNIQUE INDEX "survey_templates_automatic_key" ON "survey_templates" USING btree ("workspace_id") WHERE automatic;
CREATE INDEX "clocks_due_idx" ON "clocks" USING btree ("workspace_id","due_at");
CREATE INDEX "clocks_started_idx" ON "clocks" USING btree ("workspace_id","started_at");
CREATE INDEX "messages_ticket_idx" ON "messages" USING btree ("workspace_id","ticket_id","id");
CREATE INDEX "messages_search_idx" ON "messages" USING gin ("search");
CREATE INDEX "tickets_created_idx" ON "tickets" USING btree ("workspace_id","created_at","id");
CREATE INDEX "tickets_updated_idx" ON "tickets" USING btree ("workspace_id","updated_at","id");
CREATE INDEX "tickets_customer_idx" ON "tickets" USING btree ("workspace_id","customer_id","id");
CREATE INDEX "tickets_contact_idx" ON "tickets" USING btree ("workspace_id","contact_id","id");
CREATE INDEX "tickets_assignee_idx" ON "tickets" USING btree ("workspace_id","assignee_id","status_category","id");
CREATE INDEX "tickets_team_idx" ON "tickets" USING btree ("workspace_id","team_id","status_category","id");
CREATE INDEX "tickets_status_idx" ON "tickets" USING btree ("workspace_id","status_category","id");
CREATE INDEX "tickets_merged_idx" ON "tickets" USING btree ("workspace_id","merged_into_id") WHERE merged_into_id is not null;
CREATE INDEX "tickets_search_idx" ON "tickets" USING gin ("search");
