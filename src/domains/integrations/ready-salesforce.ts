/** Ready mappings for Salesforce: its change events, and records as its REST API and Apex write them. */

import type { Ready } from './ready-mappings.ts';

/** Salesforce signs nothing by itself: whoever calls sends a secret in a header. */
const TOKEN = {
  scheme: 'token',
  header: 'X-Tierdesk-Token',
  algorithm: null,
  encoding: null,
  prefix: null,
  timestampHeader: null,
} as const;

export const SALESFORCE_RECORDS: Ready = {
  key: 'salesforce_records',
  name: 'Salesforce records',
  system: 'salesforce',
  about:
    'Account, Contact and Opportunity as records: one, a list, or the answer of a query. Send them with an HTTP callout of a flow, or from Apex with JSON.serialize(records), and put the secret into the header X-Tierdesk-Token (a named credential holds it). An opportunity that is won and has an amount becomes an order. Phone numbers are taken where they begin with +.',
  signature: TOKEN,
  documentation: [
    'https://developer.salesforce.com/docs/platform/api-rest/guide/dome-query.html',
    'https://developer.salesforce.com/docs/platform/api-rest/guide/resources-query',
  ],
  checkedOn: '2026-11-24',
  mapping: `(
  $records := [$exists(records) ? records : $];
  $text := function($value) { $type($value) = "number" ? $string($value) : $value };
  $phones := function($numbers) {
    $map($filter($numbers, function($number) { $type($number) = "string" and $substring($number, 0, 1) = "+" }),
      function($number) {{ "kind": "phone", "value": $number }})
  };
  {
    "customers": [$records[attributes.type = "Account"].{
      "value": Id,
      "name": Name,
      "profile": { "industry": Industry, "size": $text(NumberOfEmployees), "revenueBand": $text(AnnualRevenue) }
    }],
    "contacts": [$records[attributes.type = "Contact"].{
      "value": Id,
      "name": Name ? Name : $join([FirstName, LastName][$], " "),
      "familyName": LastName,
      "honorific": Salutation,
      "title": Title,
      "customerExternalId": AccountId ? { "value": AccountId },
      "identities": [
        Email ? { "kind": "email", "value": Email },
        $phones([MobilePhone, Phone])
      ]
    }],
    "activities": [$records[attributes.type = "Opportunity"][
      AccountId and $type(Amount) = "number" and (IsWon = true or StageName = "Closed Won")
    ].{
      "value": Id,
      "kind": "order",
      "title": Name,
      "at": CloseDate & "T00:00:00Z",
      "amount": { "amount": $string(Amount), "currency": CurrencyIsoCode ? CurrencyIsoCode : $currency },
      "customerExternalId": { "value": AccountId }
    }]
  }
)`,
  sample: {
    totalSize: 3,
    done: true,
    records: [
      {
        attributes: { type: 'Account', url: '/services/data/v68.0/sobjects/Account/001D000000IRFmaIAH' },
        Id: '001D000000IRFmaIAH',
        Name: 'Acme Machines',
        Industry: 'Machinery',
        NumberOfEmployees: 250,
        AnnualRevenue: 12000000.0,
      },
      {
        attributes: { type: 'Contact', url: '/services/data/v68.0/sobjects/Contact/003RO0000035WQgYAM' },
        Id: '003RO0000035WQgYAM',
        AccountId: '001D000000IRFmaIAH',
        Name: 'Jane Roe',
        FirstName: 'Jane',
        LastName: 'Roe',
        Salutation: 'Ms.',
        Title: 'Head of purchasing',
        Email: 'jane.roe@example.com',
        Phone: '(415) 555-0101',
        MobilePhone: '+1 415 555 0102',
      },
      {
        attributes: { type: 'Opportunity', url: '/services/data/v68.0/sobjects/Opportunity/006D000000Dy1cJIAR' },
        Id: '006D000000Dy1cJIAR',
        AccountId: '001D000000IRFmaIAH',
        Name: 'Acme: 12 spindles',
        StageName: 'Closed Won',
        IsWon: true,
        Amount: 48000.5,
        CloseDate: '2026-11-20',
      },
    ],
  },
};

export const SALESFORCE_CHANGES: Ready = {
  key: 'salesforce_changes',
  name: 'Salesforce change events',
  system: 'salesforce',
  about:
    'Change Data Capture of Account, Contact and Opportunity: a message, a list of them, or what an event relay puts around it (payload, data.payload, detail.payload). Salesforce does not post them by itself: an event relay to Amazon EventBridge with an API destination does, or a subscriber of your own; the secret goes into the header X-Tierdesk-Token. A message of a change holds what changed: select Name as an enriched field of Account and Contact, and AccountId, Name, StageName, Amount and CloseDate of Opportunity, or the entry is refused. Deletions are passed over.',
  signature: TOKEN,
  documentation: [
    'https://developer.salesforce.com/docs/platform/change-data-capture/guide/cdc-subscribe-compound-fields.html',
    'https://developer.salesforce.com/docs/atlas.en-us.252.0.change_data_capture.meta/change_data_capture/cdc_message_structure.htm',
    'https://developer.salesforce.com/docs/atlas.en-us.264.0.api_tooling.meta/api_tooling/tooling_api_objects_enrichedfield.htm',
    'https://developer.salesforce.com/docs/platform/event-relay/guide/event-relay-config.html',
  ],
  checkedOn: '2026-11-24',
  mapping: `(
  $changes := $.(
    $exists(detail.payload) ? detail.payload : $exists(data.payload) ? data.payload : $exists(payload) ? payload : $
  )[ChangeEventHeader.changeType in ["CREATE", "UPDATE", "UNDELETE", "GAP_CREATE", "GAP_UPDATE", "GAP_UNDELETE"]];
  /* null says nothing, unless the header says that it was emptied. */
  $field := function($change, $name) {(
    $value := $lookup($change, $name);
    $name in $change.ChangeEventHeader.nulledFields ? null : $type($value) = "null" ? $nothing : $value
  )};
  $text := function($value) { $type($value) = "number" ? $string($value) : $value };
  {
    "customers": [$changes[ChangeEventHeader.entityName = "Account"].(
      $change := $;
      ChangeEventHeader.recordIds.{
        "value": $,
        "name": $field($change, "Name"),
        "profile": {
          "industry": $field($change, "Industry"),
          "size": $text($field($change, "NumberOfEmployees")),
          "revenueBand": $text($field($change, "AnnualRevenue"))
        }
      }
    )],
    "contacts": [$changes[ChangeEventHeader.entityName = "Contact"].(
      $change := $;
      $account := $field($change, "AccountId");
      ChangeEventHeader.recordIds.{
        "value": $,
        "name": $join([$change.Name.FirstName, $change.Name.LastName][$], " "),
        "familyName": $change.Name.LastName ? $change.Name.LastName,
        "honorific": $change.Name.Salutation ? $change.Name.Salutation,
        "title": $field($change, "Title"),
        "customerExternalId": $account ? { "value": $account },
        "identities": $exists($field($change, "Email")) ? [$change.Email ? { "kind": "email", "value": $change.Email }]
      }
    )],
    "activities": [$changes[ChangeEventHeader.entityName = "Opportunity"][StageName = "Closed Won" and $type(Amount) = "number"].(
      $change := $;
      ChangeEventHeader.recordIds.{
        "value": $,
        "kind": "order",
        "title": $field($change, "Name"),
        "at": $change.CloseDate & "T00:00:00Z",
        "amount": {
          "amount": $string($change.Amount),
          "currency": $change.CurrencyIsoCode ? $change.CurrencyIsoCode : $currency
        },
        "customerExternalId": { "value": $change.AccountId }
      }
    )]
  }
)`,
  sample: [
    {
      ChangeEventHeader: {
        entityName: 'Account',
        recordIds: ['0015f00002JUXA8AAP'],
        changeType: 'CREATE',
        changeOrigin: 'com/salesforce/api/soap/60.0;client=SfdcInternalAPI/',
        transactionKey: '00006bec-ce66-0611-9018-30a98446c9f2',
        sequenceNumber: 1,
        commitTimestamp: 1714156685000,
        commitNumber: 1100670838951,
        commitUser: '0055f000005mc66AAA',
        nulledFields: [],
        diffFields: [],
        changedFields: [],
      },
      Name: 'Acme',
      Type: null,
      BillingAddress: { Street: '415 Mission Street', City: 'San Francisco', State: 'CA', PostalCode: '94105' },
      Phone: null,
      Industry: 'Biotechnology',
      AnnualRevenue: null,
      NumberOfEmployees: 120,
    },
    {
      ChangeEventHeader: {
        entityName: 'Contact',
        recordIds: ['0035f00000G8abcAAB'],
        changeType: 'CREATE',
        changeOrigin: 'com/salesforce/api/rest/60.0',
        transactionKey: '00006bec-ce66-0611-9018-30a98446c9f3',
        sequenceNumber: 1,
        commitTimestamp: 1714156690000,
        commitNumber: 1100670838960,
        commitUser: '0055f000005mc66AAA',
        nulledFields: [],
        diffFields: [],
        changedFields: [],
      },
      AccountId: '0015f00002JUXA8AAP',
      Name: { Salutation: 'Mr.', FirstName: 'Richard', LastName: 'Miles' },
      Title: 'Director',
      Email: 'richard.miles@example.com',
    },
    {
      ChangeEventHeader: {
        entityName: 'Opportunity',
        recordIds: ['0065f00000H1xyzAAC'],
        changeType: 'UPDATE',
        changeOrigin: 'com/salesforce/api/rest/60.0',
        transactionKey: '00006bec-ce66-0611-9018-30a98446c9f4',
        sequenceNumber: 1,
        commitTimestamp: 1714156695000,
        commitNumber: 1100670838970,
        commitUser: '0055f000005mc66AAA',
        nulledFields: [],
        diffFields: [],
        changedFields: ['StageName', 'LastModifiedDate'],
      },
      AccountId: '0015f00002JUXA8AAP',
      Name: 'Acme: yearly supply',
      StageName: 'Closed Won',
      Amount: 9900,
      CloseDate: '2024-04-26',
    },
  ],
};
