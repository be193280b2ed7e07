-- Tiers that were given by hand before there were pins become pins, held until they are released: a tier model never
-- overrules people. The tier a customer began with, at position 1, is no such tier.
update customers
set
  tier_pin = jsonb_build_object(
    'tier', held.tier,
    'reason', coalesce(held.reason, ''),
    'until', null,
    'actor', held.actor,
    'since', extract(epoch from held.valid_from)::bigint
  ),
  version = customers.version + 1
from tier_changes held
where held.workspace_id = customers.workspace_id
  and held.customer_id = customers.id
  and held.valid_to is null
  and held.source = 'manual'
  and held.position > 1
  and customers.tier_pin is null;
