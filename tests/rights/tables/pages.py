"""The pages of travellers and of accounts."""

TRAVELLERS = """
                                      nobod guest anoth owner clerk suppo opera finan contr audit root
GET /                                 200   200   200   200   200   200   200   200   200   200   200
GET /bookings/                        in    in    200   200   200   200   200   200   200   200   200
GET /bookings/<reference>             404   200!  404   200!  404   404   404   404   404   404   404
GET /bookings/<reference>/cancel      404   200!  404   200!  404   404   404   404   404   404   404
POST /bookings/<reference>/cancel     404   302+  404   302+  404   404   404   404   404   404   404
GET /bookings/<reference>/extend      302   302   302   302   302   302   302   302   302   302   302
POST /bookings/<reference>/extend     404   302+  404   302+  404   404   404   404   404   404   404
GET /bookings/<reference>/leave       302   302   302   302   302   302   302   302   302   302   302
POST /bookings/<reference>/leave      404   302+  404   302+  404   404   404   404   404   404   404
GET /bookings/<reference>/passengers  302   302   302   302   302   302   302   302   302   302   302
POST /bookings/<reference>/passengers 404   302+  404   302+  404   404   404   404   404   404   404
GET /bookings/<reference>/pay         302   302   302   302   302   302   302   302   302   302   302
POST /bookings/<reference>/pay        404   302+  404   302+  404   404   404   404   404   404   404
GET /bookings/<reference>/ticket.ics  404   200   404   200   404   404   404   404   404   404   404
GET /bookings/<reference>/ticket.pdf  404   200   404   200   404   404   404   404   404   404   404
GET /find-booking                     200   200   200   200   200   200   200   200   200   200   200
POST /find-booking                    302   302   302   302   302   302   302   302   302   302   302
GET /payments/<payment_id>/return     200+  302+  200+  302+  200+  200+  200+  200+  200+  200+  200+
GET /trips                            200   200   200   200   200   200   200   200   200   200   200
GET /trips/<trip_id>/seats            200   200   200   200   200   200   200   200   200   200   200
POST /trips/<trip_id>/seats           302+  302+  302+  302+  302+  302+  302+  302+  302+  302+  302+
"""

ACCOUNTS = """
                                                     nobod guest anoth owner clerk suppo opera finan contr audit root
GET /account/confirm-email/                          200   200   200   200   200   200   200   200   200   200   200
GET /account/confirm-email/<key>/                    200   200   200   200   200   200   200   200   200   200   200
POST /account/confirm-email/<key>/                   404   404   404   404   404   404   404   404   404   404   404
GET /account/email/                                  in    in    200   200   200   200   200   200   200   200   200
POST /account/email/                                 in    in    302   302+  302   302   302   302   302   302   302
GET /account/inactive/                               200   200   200   200   200   200   200   200   200   200   200
GET /account/login/                                  200   200   302   302   302   302   302   302   302   302   302
POST /account/login/                                 302+  302+  302   302   302   302   302   302   302   302   302
GET /account/login/code/confirm/                     in    in    302   302   302   302   302   302   302   302   302
POST /account/login/code/confirm/                    in    in    302   302   302   302   302   302   302   302   302
GET /account/logout/                                 302   302   200   200   200   200   200   200   200   200   200
POST /account/logout/                                302   302   302   302   302   302   302   302   302   302   302
GET /account/password/change/                        in    in    200   200   200   200   200   200   200   200   200
POST /account/password/change/                       in    in    302+  302+  302+  302+  302+  302+  302+  302+  302+
GET /account/password/reset/                         200   200   200   200   200   200   200   200   200   200   200
POST /account/password/reset/                        302+  302+  302+  302+  302+  302+  302+  302+  302+  302+  302+
GET /account/password/reset/done/                    200   200   200   200   200   200   200   200   200   200   200
GET /account/password/reset/key/<uidb36>-<key>/      200   200   200   200   200   200   200   200   200   200   200
POST /account/password/reset/key/<uidb36>-<key>/     200   200   200   200   200   200   200   200   200   200   200
GET /account/password/reset/key/done/                200   200   200   200   200   200   200   200   200   200   200
GET /account/password/set/                           in    in    302   302   302   302   302   302   302   302   302
POST /account/password/set/                          in    in    302   302   302   302   302   302   302   302   302
GET /account/privacy/                                in    in    200   200   200   200   200   200   200   200   200
POST /account/privacy/                               in    in    302+  409   409   409   409   409   409   409   409
GET /account/privacy/data.json                       in    in    200   200!  200   200   200   200   200   200   200
GET /account/reauthenticate/                         in    in    200   200   200   200   200   200   200   200   200
POST /account/reauthenticate/                        in    in    302   302   302   302   302   302   302   302   302
GET /account/reauthenticate/code/                    in    in    403   403   403   403   403   403   403   403   403
POST /account/reauthenticate/code/                   in    in    403   403   403   403   403   403   403   403   403
GET /account/reauthenticate/code/confirm/            in    in    403   403   403   403   403   403   403   403   403
POST /account/reauthenticate/code/confirm/           in    in    403   403   403   403   403   403   403   403   403
GET /account/second-factor/                          in    in    200   200   200   200   200   200   200   200   200
GET /account/second-factor/authenticate/             in    in    302   302   302   302   302   302   302   302   302
POST /account/second-factor/authenticate/            in    in    302   302   302   302   302   302   302   302   302
GET /account/second-factor/reauthenticate/           in    in    302   302   302   302   302   302   302   302   302
POST /account/second-factor/reauthenticate/          in    in    302   302   302   302   302   302   302   302   302
GET /account/second-factor/recovery-codes/           in    in    404   404   404   404   404   404   404   404   404
GET /account/second-factor/recovery-codes/download/  in    in    404   404   404   404   404   404   404   404   404
POST /account/second-factor/recovery-codes/download/ in    in    404   404   404   404   404   404   404   404   404
GET /account/second-factor/recovery-codes/generate/  in    in    200   200   200   200   200   200   200   200   200
POST /account/second-factor/recovery-codes/generate/ in    in    200   200   200   200   200   200   200   200   200
GET /account/second-factor/totp/activate/            in    in    200   200   200   200   200   200   200   200   200
POST /account/second-factor/totp/activate/           in    in    200   200   200   200   200   200   200   200   200
GET /account/second-factor/totp/deactivate/          in    in    404   404   404   404   404   404   404   404   404
POST /account/second-factor/totp/deactivate/         in    in    404   404   404   404   404   404   404   404   404
GET /account/signup/                                 200   200   302   302   302   302   302   302   302   302   302
POST /account/signup/                                302+  302+  302   302   302   302   302   302   302   302   302
"""
