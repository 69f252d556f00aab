"""The staff site beside the pages of models: its own pages, the steps of staff, and actions on rows of lists."""

SITE = """
                                            nobo gues anot owne cler supp oper fina cont audi root
GET /admin/                                 in   in   in   in   200  200  200  200  200  200  200
GET /admin/<app_label>/                     in   in   in   in   404  200  200  200  200  200  200
GET /admin/<url>                            in   in   in   in   404  404  404  404  404  404  404
GET /admin/autocomplete/                    in   in   in   in   403  200  200  200  200  200  200
GET /admin/finance/                         in   in   in   in   403  403  403  200  200  200  200
GET /admin/jsi18n/                          in   in   in   in   200  200  200  200  200  200  200
GET /admin/login/                           in   in   403  403  302  302  302  302  302  302  302
POST /admin/login/                          in   in   403  403  200  200  200  200  200  200  200
GET /admin/logout/                          302  302  302  302  405  405  405  405  405  405  405
POST /admin/logout/                         302  302  302  302  302  302  302  302  302  302  302
GET /admin/password_change/                 in   in   in   in   302  302  302  302  302  302  302
POST /admin/password_change/                in   in   in   in   302  302  302  302  302  302  302
GET /admin/password_change/done/            in   in   in   in   200  200  200  200  200  200  200
GET /admin/r/<content_type_id>/<object_id>/ in   in   in   in   404  404  404  404  404  404  404
GET /admin/search/                          in   in   in   in   200  200  200  200  200  200  200
"""

STEPS = """
                                                                  nobo gues anot owne cler supp oper fina cont audi root
GET /admin/accounts/user/<id>/password/                           in   in   in   in   403  403  403  403  403  403  200
POST /admin/accounts/user/<id>/password/                          in   in   in   in   403  403  403  403  403  403  302+
GET /admin/bookings/booking/<object_id>/cancel_seats/             in   in   in   in   403  302  302  302  403  403  302
GET /admin/bookings/booking/<object_id>/mark_no_shows/            in   in   in   in   403  302  302  302  403  403  302
GET /admin/bookings/booking/<object_id>/mark_travelled/           in   in   in   in   403  302  302  302  403  403  302
GET /admin/bookings/booking/<object_id>/pay_back_after_departure/ in   in   in   in   403  302  302  302  403  403  302
GET /admin/bookings/trip/<object_id>/cancel_trip/                 in   in   in   in   403  403  302  403  403  403  302
GET /admin/bookings/trip/<object_id>/close_sales/                 in   in   in   in   403  403  200  403  403  403  200
POST /admin/bookings/trip/<object_id>/close_sales/                in   in   in   in   403  403  200+ 403  403  403  200+
GET /admin/bookings/trip/<object_id>/delay_trip/                  in   in   in   in   403  403  200  403  403  403  200
POST /admin/bookings/trip/<object_id>/delay_trip/                 in   in   in   in   403  403  200+ 403  403  403  200+
GET /admin/bookings/trip/<object_id>/reopen_sales/                in   in   in   in   403  403  200  403  403  403  200
POST /admin/bookings/trip/<object_id>/reopen_sales/               in   in   in   in   403  403  200+ 403  403  403  200+
GET /admin/finance/reports/<name>/                                in   in   in   in   403  403  403  200  200  200  200
GET /admin/finance/reports/<name>/report.<form>                   in   in   in   in   403  403  403  200  200  200  200
GET /admin/finance/settlement/<object_id>/approve/                in   in   in   in   403  403  403  403  200  403  200
POST /admin/finance/settlement/<object_id>/approve/               in   in   in   in   403  403  403  403  302+ 403  302+
GET /admin/finance/settlement/<object_id>/as_csv/                 in   in   in   in   403  403  403  200  200  200  200
GET /admin/finance/settlement/<object_id>/as_pdf/                 in   in   in   in   403  403  403  200  200  200  200
GET /admin/finance/settlement/<object_id>/as_xlsx/                in   in   in   in   403  403  403  200  200  200  200
GET /admin/finance/settlement/<object_id>/draft_anew/             in   in   in   in   403  403  403  403  200  403  200
POST /admin/finance/settlement/<object_id>/draft_anew/            in   in   in   in   403  403  403  403  200+ 403  200+
GET /admin/finance/settlement/<object_id>/give_back/              in   in   in   in   403  403  403  403  200  403  200
POST /admin/finance/settlement/<object_id>/give_back/             in   in   in   in   403  403  403  403  302+ 403  302+
GET /admin/finance/settlement/<object_id>/pay/                    in   in   in   in   403  403  403  200  403  403  200
POST /admin/finance/settlement/<object_id>/pay/                   in   in   in   in   403  403  403  302+ 403  403  302+
GET /admin/finance/settlement/<object_id>/void/                   in   in   in   in   403  403  403  403  200  403  200
POST /admin/finance/settlement/<object_id>/void/                  in   in   in   in   403  403  403  403  302+ 403  302+
GET /admin/finance/settlement/draft_month/                        in   in   in   in   403  403  403  403  200  403  200
POST /admin/finance/settlement/draft_month/                       in   in   in   in   403  403  403  403  200+ 403  200+
GET /admin/ledger/account/<object_id>/adjust/                     in   in   in   in   403  403  403  200  403  403  200
POST /admin/ledger/account/<object_id>/adjust/                    in   in   in   in   403  403  403  302+ 403  403  302+
GET /admin/ledger/account/<object_id>/statement/                  in   in   in   in   403  403  403  302  302  302  302
GET /admin/ledger/journalentry/<object_id>/reverse/               in   in   in   in   403  403  403  200  403  403  200
POST /admin/ledger/journalentry/<object_id>/reverse/              in   in   in   in   403  403  403  302+ 403  403  302+
GET /admin/ledger/period/close_month/                             in   in   in   in   403  403  403  403  200  403  200
POST /admin/ledger/period/close_month/                            in   in   in   in   403  403  403  403  200+ 403  200+
GET /admin/payments/balancetransaction/<object_id>/explain/       in   in   in   in   403  403  403  200  403  403  200
POST /admin/payments/balancetransaction/<object_id>/explain/      in   in   in   in   403  403  403  200+ 403  403  200+
GET /admin/payments/finding/<object_id>/explain/                  in   in   in   in   403  403  403  200  403  403  200
POST /admin/payments/finding/<object_id>/explain/                 in   in   in   in   403  403  403  200+ 403  403  200+
GET /admin/payments/finding/<object_id>/repair/                   in   in   in   in   403  403  403  200  403  403  200
POST /admin/payments/finding/<object_id>/repair/                  in   in   in   in   403  403  403  200+ 403  403  200+
GET /admin/payments/payment/<object_id>/give_courtesy/            in   in   in   in   403  200  200  200  403  403  200
POST /admin/payments/payment/<object_id>/give_courtesy/           in   in   in   in   403  302+ 302+ 302+ 403  403  302+
GET /admin/payments/reconciliationrun/compare/                    in   in   in   in   403  403  403  200  403  403  200
POST /admin/payments/reconciliationrun/compare/                   in   in   in   in   403  403  403  200+ 403  403  200+
GET /admin/payments/reconciliationrun/mend/                       in   in   in   in   403  403  403  200  403  403  200
POST /admin/payments/reconciliationrun/mend/                      in   in   in   in   403  403  403  200+ 403  403  200+
GET /admin/payments/refund/<object_id>/pay_by_hand/               in   in   in   in   403  403  403  200  403  403  200
POST /admin/payments/refund/<object_id>/pay_by_hand/              in   in   in   in   403  403  403  302+ 403  403  302+
GET /admin/payments/refund/<object_id>/try_again/                 in   in   in   in   403  403  403  200  403  403  200
POST /admin/payments/refund/<object_id>/try_again/                in   in   in   in   403  403  403  302+ 403  403  302+
GET /admin/payments/refund/<object_id>/was_courtesy/              in   in   in   in   403  403  403  200  403  403  200
POST /admin/payments/refund/<object_id>/was_courtesy/             in   in   in   in   403  403  403  302+ 403  403  302+
GET /admin/payments/refund/<object_id>/went_back/                 in   in   in   in   403  403  403  200  403  403  200
POST /admin/payments/refund/<object_id>/went_back/                in   in   in   in   403  403  403  302+ 403  403  302+
GET /admin/payments/refund/after-departure/<booking_id>/          in   in   in   in   403  200  200  200  403  403  200
POST /admin/payments/refund/after-departure/<booking_id>/         in   in   in   in   403  302+ 302+ 302+ 403  403  302+
GET /admin/payments/refund/no-shows/<booking_id>/                 in   in   in   in   403  200  200  200  403  403  200
POST /admin/payments/refund/no-shows/<booking_id>/                in   in   in   in   403  302+ 302+ 302+ 403  403  302+
GET /admin/payments/refund/of-booking/<booking_id>/               in   in   in   in   403  200! 200! 200! 403  403  200!
POST /admin/payments/refund/of-booking/<booking_id>/              in   in   in   in   403  302+ 302+ 302+ 403  403  302+
GET /admin/payments/refund/of-trip/<trip_id>/                     in   in   in   in   403  403  200  403  403  403  200
POST /admin/payments/refund/of-trip/<trip_id>/                    in   in   in   in   403  403  302+ 403  403  403  302+
GET /admin/payments/refund/travelled/<booking_id>/                in   in   in   in   403  200  200  200  403  403  200
POST /admin/payments/refund/travelled/<booking_id>/               in   in   in   in   403  302+ 302+ 302+ 403  403  302+
"""

ACTIONS = """
                                   nobo gues anot owne cler supp oper fina cont audi root
POST /admin/accounts/device/       in   in   in   in   403  403  403  403  403  200  302+
POST /admin/accounts/user/         in   in   in   in   403  403  403  403  403  200  302+
POST /admin/auth/group/            in   in   in   in   403  403  403  403  403  200  302+
POST /admin/bookings/operator/     in   in   in   in   403  200  302+ 200  200  200  302+
POST /admin/bookings/place/        in   in   in   in   403  200  302+ 200  200  200  302+
POST /admin/bookings/route/        in   in   in   in   403  200  302+ 200  200  200  302+
POST /admin/bookings/seatmap/      in   in   in   in   403  200  302+ 200  200  200  302+
POST /admin/bookings/trip/         in   in   in   in   403  200  302+ 200  200  200  302+
POST /admin/bookings/vehicle/      in   in   in   in   403  200  302+ 200  200  200  302+
POST /admin/core/outboxmessage/    in   in   in   in   403  302+ 302+ 200  200  200  302+
POST /admin/payments/finding/      in   in   in   in   403  200  200  302+ 200  200  302+
POST /admin/payments/gatewayevent/ in   in   in   in   403  200  302+ 200  200  200  302+
"""
