%%% Accounts elsewhere than in Mnesia, as with SQL: a file for each, on the disk when it is made. As a database that is away, it cannot
%%% say whether there are accounts while there is a file `unavailable`; and of names that begin with `lost` it makes the account, and fails.
-module(ejabberd_auth_files).
-behaviour(ejabberd_auth).

-export([start/1, stop/1, reload/1, plain_password_required/1, store_type/1, use_cache/1, try_register/3, set_password/3, get_password/2,
         remove_user/2, get_users/2, count_users/2, user_exists/2]).

start(_) -> file:make_dir("accounts"), ok.
stop(_) -> ok.
reload(_) -> ok.
plain_password_required(_) -> false.
store_type(_) -> external.
use_cache(_) -> false.

is_away() -> filelib:is_regular("accounts/unavailable").

path(User, Host) -> filename:join("accounts", binary_to_list(<<User/binary, "@", Host/binary>>)).

try_register(User, Host, Password) ->
    case file:open(path(User, Host), [write, exclusive, raw]) of
        {ok, File} ->
            ok = file:write(File, Password),
            ok = file:sync(File),
            ok = file:close(File),
            {nocache, case User of
                          <<"lost", _/binary>> -> {error, db_failure};
                          _ -> {ok, Password}
                      end};
        {error, eexist} -> {nocache, {error, exists}}
    end.

set_password(User, Host, Password) ->
    ok = file:write_file(path(User, Host), Password),
    {nocache, {ok, Password}}.

get_password(User, Host) ->
    case is_away() orelse file:read_file(path(User, Host)) of
        {ok, Password} -> {nocache, {ok, Password}};
        _ -> {nocache, error}
    end.

user_exists(User, Host) ->
    {nocache, case is_away() of
                  true -> {error, db_failure};
                  false -> filelib:is_regular(path(User, Host))
              end}.
remove_user(User, Host) -> file:delete(path(User, Host)).
get_users(_, _) -> [].
count_users(_, _) -> 0.
