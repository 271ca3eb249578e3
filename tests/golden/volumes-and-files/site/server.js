const token = request.token;
