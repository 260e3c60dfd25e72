%%% Accounts elsewhere than in Mnesia, as with SQL: a file for each, on the disk when it is made.
-module(ejabberd_auth_files).
-behaviour(ejabberd_auth).

-export([start/1, stop/1, reload/1, plain_password_required/1, store_type/1, use_cache/1, try_register/3, set_password/3, get_password/2,
         remove_user/2, get_users/2, count_users/2, user_exists/2]).

start(_) -> file:make_dir("accounts"), ok.
stop(_) -> ok.
reload(_) -> ok.
plain_password_required(_) -> false.
store_type(_) -> plain.
use_cache(_) -> false.

path(User, Host) -> filename:join("accounts", binary_to_list(<<User/binary, "@", Host/binary>>)).

try_register(User, Host, Password) ->
    case file:open(path(User, Host), [write, exclusive, raw]) of
        {ok, File} ->
            ok = file:write(File, Password),
            ok = file:sync(File),
            ok = file:close(File),
            {nocache, {ok, Password}};
        {error, eexist} -> {nocache, {error, exists}}
    end.

set_password(User, Host, Password) ->
    ok = file:write_file(path(User, Host), Password),
    {nocache, {ok, Password}}.

get_password(User, Host) ->
    case file:read_file(path(User, Host)) of
        {ok, Password} -> {nocache, {ok, Password}};
        {error, _} -> {nocache, error}
    end.

user_exists(User, Host) -> {nocache, filelib:is_regular(path(User, Host))}.
remove_user(User, Host) -> file:delete(path(User, Host)).
get_users(_, _) -> [].
count_users(_, _) -> 0.
