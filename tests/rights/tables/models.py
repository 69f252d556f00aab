"""What staff may do with what: v to view, a to add, c to change, d to delete; in: one is sent to sign in."""

MODELS = """
                                nobod guest anoth owner clerk suppo opera finan contr audit root
may accounts.device             in    in    in    in    -     -     -     -     -     v     v
may accounts.user               in    in    in    in    -     -     -     -     -     v     vacd
may auth.group                  in    in    in    in    -     -     -     -     -     v     vacd
may bookings.booking            in    in    in    in    -     v     v     v     v     v     v
may bookings.operator           in    in    in    in    -     v     vacd  vc    v     v     vacd
may bookings.place              in    in    in    in    -     v     vacd  v     v     v     vacd
may bookings.route              in    in    in    in    -     v     vacd  v     v     v     vacd
may bookings.seatmap            in    in    in    in    -     v     vad   v     v     v     vad
may bookings.trip               in    in    in    in    -     v     vacd  v     v     v     vacd
may bookings.vehicle            in    in    in    in    -     v     vacd  v     v     v     vacd
may core.idempotencyrecord      in    in    in    in    -     v     v     v     v     v     v
may core.jobrun                 in    in    in    in    -     v     v     v     v     v     v
may core.outboxmessage          in    in    in    in    -     v     v     v     v     v     v
may core.statuschange           in    in    in    in    -     v     v     v     v     v     v
may finance.settlement          in    in    in    in    -     -     -     v     v     v     v
may ledger.account              in    in    in    in    -     -     -     v     v     v     v
may ledger.journalentry         in    in    in    in    -     -     -     v     v     v     v
may ledger.period               in    in    in    in    -     -     -     v     v     v     v
may payments.balancetransaction in    in    in    in    -     v     v     v     v     v     v
may payments.dispute            in    in    in    in    -     v     v     v     v     v     v
may payments.finding            in    in    in    in    -     v     v     v     v     v     v
may payments.gatewaycall        in    in    in    in    -     v     v     v     v     v     v
may payments.gatewayevent       in    in    in    in    -     v     v     v     v     v     v
may payments.payment            in    in    in    in    -     v     v     v     v     v     v
may payments.payout             in    in    in    in    -     v     v     v     v     v     v
may payments.reconciliationrun  in    in    in    in    -     v     v     v     v     v     v
may payments.refund             in    in    in    in    -     v     v     v     v     v     v
"""
