"""Who may do what: each route with each object, and the status for each standing. The one place where this is declared."""

from typing import NamedTuple


class Route(NamedTuple):
    """One way to call: ``function`` is the function's name behind the integration's, ``object`` what the path names."""

    function: str
    method: str
    path: str
    object: str
    query: dict[str, str]


# The standing of a caller for the API: `stranger` is not recognised; `elsewhere` may call another integration only; `own` sent
# the message that is looked at; `other` did not; `admin` has the role. `sample`: a developer's machine without partners.
API = """
function  method  path             object    query           stranger  elsewhere  own  other  admin  sample
http      POST    -                -         -                    401        403  400    400    400     400
check     POST    -                -         -                    401        403  400    400    400     400
http      GET     -                -         -                    401        403  200    200    200     200
status    GET     {id}             own       -                    401        403  200    404    200     200
status    GET     {id}             other's   -                    401        403  404    200    200     200
status    GET     {id}             queue's   -                    401        403  404    404    200     200
status    GET     none.0           none      -                    401        403  404    404    404     404
dead      GET     -                -         -                    401        403  403    403    200     200
dead      GET     {id}             queue's   -                    401        403  403    403    200     200
dead      GET     {id}             own       -                    401        403  403    403    200     200
dead      GET     none             none      -                    401        403  403    403    404     404
dead      GET     {id}             queue's   content              401        403  403    403    400     400
dead      GET     {id}             queue's   content+purpose      401        403  403    403    200     200
dead      GET     {id}             own       content+purpose      401        403  403    403    409     409
dead      POST    {id}/replay      queue's   -                    401        403  403    403    400     400
dead      POST    {id}/replay      queue's   blank                401        403  403    403    400     400
dead      POST    {id}/replay      queue's   purpose              401        403  403    403    202     202
dead      POST    {id}/replay      own       purpose              401        403  403    403    409     409
dead      POST    none/replay      none      purpose              401        403  403    403    409     409
dead      POST    {id}/discard     queue's   -                    401        403  403    403    400     400
dead      POST    {id}/discard     queue's   purpose              401        403  403    403    200     200
dead      POST    none/discard     none      purpose              401        403  403    403    409     409
dead      POST    replay           none      -                    401        403  403    403    400     400
dead      POST    replay           none      purpose              401        403  403    403    202     202
dead      POST    {id}/anything    queue's   purpose              401        403  403    403    404     404
dead      POST    preview          none      -                    401        403  403    403    200     200
dead      POST    replay           none      plan                 401        403  403    403    400     400
dead      POST    replay           none      plan+purpose         401        403  403    403    409     409
dead      POST    discard          none      plan+purpose         401        403  403    403    409     409
delivery  GET     -                -         -                    401        403  403    403    200     200
delivery  GET     waiting          -         -                    401        403  403    403    200     200
delivery  GET     anything         -         -                    401        403  403    403    404     404
delivery  POST    pause            -         -                    401        403  403    403    400     400
delivery  POST    pause            -         purpose              401        403  403    403    200     200
delivery  POST    resume           -         purpose              401        403  403    403    409     409
delivery  POST    waiting/none.0/retry    none  -                 401        403  403    403    400     400
delivery  POST    waiting/none.0/retry    none  purpose           401        403  403    403    409     409
delivery  POST    waiting/none.0/give-up  none  purpose           401        403  403    403    409     409
delivery  POST    waiting/none.0/anything none  purpose           401        403  403    403    404     404
agreement    GET   -             -         -                    401        403  403    403    200     200
legacy_http  POST  -             -         -                    401        403  403    403    403     409
"""

# The pages for partners: of an integration that the caller may call, and of no other.
DOCS = """
function  method  path                          object  query  stranger  elsewhere  own  other  admin  sample
docs      GET     -                             -       -      401       200        200  200    200    200
docs      GET     {name}                        -       -      401       403        200  200    200    200
docs      GET     {name}/samples                -       -      401       403        200  200    200    200
docs      GET     {name}/rules                  -       -      401       403        200  200    200    200
docs      GET     {name}/answers                -       -      401       403        200  200    200    200
docs      GET     {name}/openapi.json           -       -      401       403        200  200    200    200
docs      GET     {name}/postman_collection.json  -     -      401       403        200  200    200    200
docs      GET     {name}/bruno_collection.zip   -       -      401       403        200  200    200    200
docs      GET     {name}/samples/a31_null.hl7   -       -      401       403        200  200    200    200
docs      GET     {name}/samples/none           -       -      401       403        404  404    404    404
docs      GET     {name}/anything               -       -      401       403        404  404    404    404
docs      GET     no-such-integration           -       -      401       404        404  404    404    404
docs      GET     {name}/static/docs.css        -       -      200       200        200  200    200    200
docs      GET     static/anything               -       -      404       404        404  404    404    404
"""

# For the ops page a standing is the role of the person; the form of a POST carries the right token where `token` is asked for.
PAGE = """
function  method  path             object    query           noone   reader  operator  admin
ops       GET     -                -         -                  403     200       200    200
ops       GET     data             -         -                  403     200       200    200
ops       GET     message          queue's   -                  403     200       200    200
ops       GET     message          none      -                  403     404       404    404
ops       GET     thresholds       -         -                  403     200       200    200
ops       GET     parallel         -         -                  403     200       200    200
ops       GET     anything         -         -                  403     404       404    404
ops       GET     static/ops.css   -         -                  200     200       200    200
ops       GET     static/anything  -         -                  404     404       404    404
ops       POST    search           -         -                  403     403       403    403
ops       POST    search           -         token              403     200       200    200
ops       POST    act              queue's   replay             403     403       403    403
ops       POST    act              none      replay+token       403     403       404    404
ops       POST    act              queue's   replay+token       403     403       200    200
ops       POST    act              queue's   discard+token      403     403       403    200
ops       POST    act              queue's   no-reason+token    403     403       422    422
ops       POST    act              queue's   token              403     403       403    403
ops       POST    thresholds       -         -                  403     403       403    403
ops       POST    thresholds       -         token              403     403       422    422
ops       POST    thresholds       -         threshold+token    403     403       200    200
ops       GET     waiting          -         -                  403     200       200    200
ops       GET     waiting/data     -         -                  403     200       200    200
ops       GET     paused           -         -                  403     200       200    200
ops       GET     destination      -         -                  403     200       200    200
ops       GET     bulk             -         -                  403     403       200    200
ops       GET     content          -         -                  403     403       403    200
ops       POST    waiting          -         retry              403     403       403    403
ops       POST    waiting          none      no-reason+token    403     403       422    422
ops       POST    waiting          none      retry+token        403     403       200    200
ops       POST    waiting          none      give-up+token      403     403       200    200
ops       POST    paused           -         pause              403     403       403    403
ops       POST    paused           -         pause+token        403     403       200    200
ops       POST    paused           -         resume+token       403     403       200    200
ops       POST    destination      -         try                403     403       403    403
ops       POST    destination      -         try+no-reason+token 403    403       422    422
ops       POST    destination      -         try+token          403     403       200    200
ops       POST    bulk/preview     -         -                  403     403       403    403
ops       POST    bulk/preview     -         token              403     403       200    200
ops       POST    bulk             none      replay             403     403       403    403
ops       POST    bulk             none      replay+token       403     403       200    200
ops       POST    bulk             none      discard+token      403     403       403    200
ops       POST    content          queue's   -                  403     403       403    403
ops       POST    content          queue's   token              403     403       403    200
ops       POST    content          queue's   no-reason+token    403     403       403    422
ops       POST    as               -         -                  403     403       403    403
"""

# `health` says nothing of a caller.
OPEN = {"health": 200}


def rows(table: str) -> list[tuple[Route, dict[str, int]]]:
    """Each row as its route and the status by standing."""
    head, *lines = (line.split() for line in table.strip().splitlines())
    found = []
    for function, method, path, thing, query, *statuses in lines:
        parameters = {name: name for name in query.split("+") if name != "-"}
        route = Route(function, method, "" if path == "-" else path, "" if thing == "-" else thing, parameters)
        found.append((route, dict(zip(head[5:], map(int, statuses), strict=True))))
    return found
