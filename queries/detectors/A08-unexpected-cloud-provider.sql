/*---
id: A08
name: auth.unexpected_cloud_provider
title: Sign-in from a cloud provider or region that is not expected
why: Applications run at the providers and in the regions where they were deployed; a machine at any other cloud is rented in minutes, tells nothing of who is behind it, and is a common place to use a stolen password from.
severity: medium
risk: 45
tactic: initial-access
attack: [T1078.004]
quiet: 1d
requires:
  - log_connections = on
  - client addresses
  - enrichment.providers
parameters:
  expected_providers: { type: strings, default: [azure], help: "Providers that your applications run at: azure, aws, gcp." }
  expected_regions: { type: strings, default: [], help: "Regions as provider/region, e.g. azure/westeurope. Of a provider that has none here every region is expected." }
false_positives:
  - A new region, or a service such as a BI tool that runs at another provider. Add it to the parameters, or its addresses to networks as trusted.
runbook:
  - Ask the owner of the account whether something of theirs runs at that provider.
  - If so, name its addresses in networks, or the provider or region in the parameters of this detector.
  - If not, end the sessions with pg_terminate_backend, change the password and close the firewall for the address.
---*/
SELECT
  s.record_id, s.event_time, s.server, s.session_id, s.user_name, s.client, s.database_name, s.application,
  concat_ws('/', concat(s.user_name, '@', a.provider), a.region) AS entity,
  concat(
    s.user_name, ' signed in from ', s.client, ', an address of ', a.provider, coalesce(concat(' ', a.region), ''),
    CASE WHEN list_contains($expected_providers, a.provider) THEN '; that region is not expected' ELSE '; that provider is not expected' END
  ) AS summary
FROM sign_ins s
JOIN addresses a ON a.client = s.client
WHERE s.event_time > $since
  AND s.event_time <= $until
  AND s.outcome = 'success'
  AND NOT s.is_platform
  AND a.provider IS NOT NULL
  AND a.is_trusted IS DISTINCT FROM true
  AND (
    NOT list_contains($expected_providers, a.provider)
    OR (
      a.region IS NOT NULL
      AND len(list_filter($expected_regions, lambda known: starts_with(known, a.provider || '/'))) > 0
      AND NOT list_contains($expected_regions, a.provider || '/' || a.region)
    )
  )
