/** Ready mappings, as data: each with the public pages that its payload is described on, and a payload of that form. */

import type { z } from 'zod';
import type { ReadyMapping } from './model.ts';
import { SALESFORCE_CHANGES, SALESFORCE_RECORDS } from './ready-salesforce.ts';

export type Ready = z.input<typeof ReadyMapping>;

const HUBSPOT: Ready = {
  key: 'hubspot_objects',
  name: 'HubSpot objects',
  system: 'hubspot',
  about:
    'Companies, contacts and deals as webhooks of workflows send them, in the form of the object APIs of then or of now (properties as { value } or as text). In the workflow add Send a webhook (POST), with the request signature of your app; its client secret is the secret here, and PUBLIC_URL must be the address that HubSpot calls. A deal in the stage closedwon that has an amount becomes an order of its first company. Subscriptions of the Webhooks API are not enough: their messages hold an id and one property. Phone numbers are taken where they begin with +.',
  signature: {
    scheme: 'hubspot_v3',
    header: null,
    algorithm: null,
    encoding: null,
    prefix: null,
    timestampHeader: null,
  },
  documentation: [
    'https://developers.hubspot.com/docs/methods/workflows/webhook_information',
    'https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation',
    'https://developers.hubspot.com/docs/api-reference/legacy/crm-companies-v2/get-companies-v2-companies-company-id',
    'https://developers.hubspot.com/docs/api-reference/legacy/crm/objects/deals/v1/get-deals-v1-dealdeal-id',
    'https://developers.hubspot.com/docs/api-reference/legacy/crm/objects/companies/create-company',
  ],
  checkedOn: '2026-11-24',
  mapping: `(
  $objects := [$exists(results) ? results : $];
  $of := function($object, $name) {(
    $given := $lookup($object.properties, $name);
    $value := $type($given) = "object" ? $given.value : $given;
    $value = "" ? null : $value
  )};
  $isDeal := function($object) { $exists($object.dealId) or $exists($object.properties.dealname) };
  $isContact := function($object) {
    $exists($object.vid) or $exists($object.properties.email) or $exists($object.properties.lastname)
  };
  $phones := function($numbers) {
    $map($filter($numbers, function($number) { $type($number) = "string" and $substring($number, 0, 1) = "+" }),
      function($number) {{ "kind": "phone", "value": $number }})
  };
  $instant := function($value) { $contains($value, /^[0-9]+$/) ? $fromMillis($number($value)) : $value };
  {
    "customers": [$objects[$not($isDeal($)) and $not($isContact($))].(
      $object := $;
      $name := $of($object, "name");
      {
        "value": $string(companyId ? companyId : id),
        "name": $name ? $name : $of($object, "domain"),
        "profile": {
          "industry": $of($object, "industry"),
          "size": $of($object, "numberofemployees"),
          "revenueBand": $of($object, "annualrevenue")
        }
      }
    )],
    "contacts": [$objects[$isContact($)].(
      $object := $;
      $email := $of($object, "email");
      $company := $of($object, "associatedcompanyid");
      $name := $join([$of($object, "firstname"), $of($object, "lastname")][$], " ");
      {
        "value": $string(vid ? vid : id),
        "name": $name ? $name : $email,
        "familyName": $of($object, "lastname"),
        "title": $of($object, "jobtitle"),
        "customerExternalId": $company ? { "value": $string($company) },
        "identities": [
          $email ? { "kind": "email", "value": $email },
          $phones([$of($object, "mobilephone"), $of($object, "phone")])
        ]
      }
    )],
    "activities": [$objects[$isDeal($)].(
      $object := $;
      $company := associations.associatedCompanyIds[0];
      $company := $company ? $company : associations.companies.results[0].id;
      $amount := $of($object, "amount");
      $own := $of($object, "deal_currency_code");
      $of($object, "dealstage") = "closedwon" and $company and $amount ? {
        "value": $string(dealId ? dealId : id),
        "kind": "order",
        "title": $of($object, "dealname"),
        "at": $instant($of($object, "closedate")),
        "amount": { "amount": $string($amount), "currency": $own ? $own : $currency },
        "customerExternalId": { "value": $string($company) }
      }
    )]
  }
)`,
  sample: [
    {
      portalId: 62515,
      companyId: 10444744,
      isDeleted: false,
      properties: {
        name: { value: 'A company name', timestamp: 1403217668394, source: 'API', sourceId: null },
        industry: { value: 'MACHINERY', timestamp: 1403217668394, source: 'API', sourceId: null },
        createdate: { value: '1403217668394', timestamp: 1403217668394, source: 'API', sourceId: null },
      },
    },
    {
      id: '512',
      properties: {
        email: 'jane.roe@example.org',
        firstname: 'Jane',
        lastname: 'Roe',
        jobtitle: 'Head of purchasing',
        phone: '+1 415 555 0103',
        associatedcompanyid: '10444744',
      },
      createdAt: '2019-10-30T03:30:17.883Z',
      updatedAt: '2019-12-07T16:50:06.678Z',
      archived: false,
    },
    {
      portalId: 62515,
      dealId: 46789043,
      isDeleted: false,
      associations: { associatedVids: [512], associatedCompanyIds: [10444744], associatedDealIds: [] },
      properties: {
        dealname: { value: 'Spindles', timestamp: 1470145367545, source: 'CRM_UI' },
        dealstage: { value: 'closedwon', timestamp: 1470145673676, source: 'CRM_UI' },
        amount: { value: '19090', timestamp: 1470145367545, source: 'CRM_UI' },
        closedate: { value: '1470145673504', timestamp: 1470145681481, source: 'CRM_UI' },
      },
    },
  ],
};

const ZOHO: Ready = {
  key: 'zoho_records',
  name: 'Zoho CRM records',
  system: 'zoho',
  about:
    'Accounts, Contacts and Deals with the names of fields that the record APIs use: one record, a list, or { data }. Send them from a workflow: a webhook whose JSON body names those fields, or a function that posts what zoho.crm.getRecordById gave; with the secret in the header X-Tierdesk-Token. A deal in the stage Closed Won that has an amount becomes an order. Notifications (actions/watch) are not enough: they hold ids. Phone numbers are taken where they begin with +.',
  signature: {
    scheme: 'token',
    header: 'X-Tierdesk-Token',
    algorithm: null,
    encoding: null,
    prefix: null,
    timestampHeader: null,
  },
  documentation: [
    'https://www.zoho.com/crm/developer/docs/api/v8/create-webhook.html',
    'https://www.zoho.com/crm/developer/docs/api/v2.1/get-records.html',
    'https://www.zoho.com/recruit/developer-guide/apiv2/accounts-response.html',
    'https://www.zoho.com/deluge/help/crm/get-records-V8.html',
  ],
  checkedOn: '2026-11-24',
  mapping: `(
  $records := [$exists(data) ? data : $];
  $text := function($value) { $type($value) = "number" ? $string($value) : $value };
  $phones := function($numbers) {
    $map($filter($numbers, function($number) { $type($number) = "string" and $substring($number, 0, 1) = "+" }),
      function($number) {{ "kind": "phone", "value": $number }})
  };
  {
    "customers": [$records[$type(Account_Name) = "string" and $not($exists(Last_Name)) and $not($exists(Deal_Name))].{
      "value": $string(id),
      "name": Account_Name,
      "profile": { "industry": Industry, "size": $text(Employees), "revenueBand": $text(Annual_Revenue) }
    }],
    "contacts": [$records[$exists(Last_Name)].{
      "value": $string(id),
      "name": Full_Name ? Full_Name : $join([First_Name, Last_Name][$], " "),
      "familyName": Last_Name,
      "honorific": Salutation,
      "title": Title,
      "customerExternalId": Account_Name.id ? { "value": $string(Account_Name.id) },
      "identities": [
        Email ? { "kind": "email", "value": Email },
        $phones([Mobile, Phone])
      ]
    }],
    "activities": [$records[$exists(Deal_Name) and Stage = "Closed Won" and Account_Name.id and Amount].{
      "value": $string(id),
      "kind": "order",
      "title": Deal_Name,
      "at": Closing_Date & "T00:00:00Z",
      "amount": { "amount": $string(Amount), "currency": Currency ? Currency : $currency },
      "customerExternalId": { "value": $string(Account_Name.id) },
      "contactExternalId": Contact_Name.id ? { "value": $string(Contact_Name.id) }
    }]
  }
)`,
  sample: {
    data: [
      {
        id: '3652397000000269085',
        Owner: { name: 'Patricia Boyle', id: '3652397000000281001' },
        Account_Name: 'Oriental Precision',
        Industry: 'Manufacturing',
        Employees: 100,
        Annual_Revenue: null,
        Phone: '555-555-5555',
        Website: 'https://www.example.com',
      },
      {
        id: '3652397000000269101',
        Account_Name: { name: 'Oriental Precision', id: '3652397000000269085' },
        First_Name: 'Fang',
        Last_Name: 'Wang',
        Full_Name: 'Fang Wang',
        Salutation: 'Ms.',
        Title: 'Head of purchasing',
        Email: 'fang.wang@example.com',
        Mobile: '+8613800138000',
        Phone: null,
      },
      {
        id: '3652397000000269202',
        Deal_Name: 'Spindles',
        Account_Name: { name: 'Oriental Precision', id: '3652397000000269085' },
        Contact_Name: { name: 'Fang Wang', id: '3652397000000269101' },
        Stage: 'Closed Won',
        Amount: 5000,
        Closing_Date: '2026-11-20',
      },
    ],
  },
};

export const READY_MAPPINGS: Ready[] = [SALESFORCE_RECORDS, SALESFORCE_CHANGES, HUBSPOT, ZOHO];
